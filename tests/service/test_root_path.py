"""Behind a proxy that serves the ledger below a path, every link leads somewhere."""

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from ..support.service.proxies import CADDY, NGINX, PROXIES
from ..support.service.replica import command, replica
from ..support.service.served import KEYS, document, event, signature

ROOT = "/tools/waybill"
LINK = re.compile(r'(?:href|src|action)="([^"]*)"')


@pytest.mark.long
@pytest.mark.parametrize("strips", [True, False], ids=["taken off", "left"])
@pytest.mark.parametrize(
    "name",
    [
        "small",
        pytest.param("nginx", marks=pytest.mark.skipif(not NGINX, reason="nginx is not installed")),
        pytest.param("caddy", marks=pytest.mark.skipif(not CADDY, reason="caddy is not installed")),
    ],
)
def test_a_sub_path_serves_api_board_redirects_and_description(tmp_path: Path, name: str, strips: bool) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    assert command(url, "migrate").code == 0
    token = command(url, "token", "create", "--scope", "releases:write").stdout.strip()
    with (
        replica(url, tmp_path / "log", ROOT_PATH=ROOT) as ledger,
        PROXIES[name](ledger, ROOT, tmp_path, strips=strips) as base,
        httpx.Client(trust_env=False) as http,
    ):
        shown = {"Authorization": f"Bearer {token}"}
        assert http.post(f"{base}/releases", json=document(), headers=shown).status_code == 201
        body = json.dumps(event()).encode()
        signed = {"X-Signature": signature(body, KEYS["staging"][0])}
        assert http.post(f"{base}/hooks/flux/staging", content=body, headers=signed).status_code == 201

        pages, seen = [f"{base}/", f"{base}/board/search?q=s"], set[str]()
        while pages:
            page = pages.pop()
            answer = http.get(page)
            if "location" in answer.headers:
                answer = http.get(urljoin(page, answer.headers["location"]))
            assert answer.status_code == 200, page
            if "text/html" not in answer.headers["content-type"]:
                continue
            for link in map(unescape, LINK.findall(answer.text)):
                there = urljoin(page, link).partition("#")[0]
                if there.startswith(base.removesuffix(ROOT)) and there not in seen:
                    assert there.startswith(f"{base}/"), (page, link)
                    seen.add(there)
                    pages.append(there)
        assert len(seen) > 15

        found = http.get(f"{base}/board/search?q=1.4.2")
        assert (found.status_code, found.headers["location"]) == (303, f"{ROOT}/board/releases/orders/1.4.2")
        described = http.get(f"{base}/schema").json()
        [server] = described["servers"]
        assert http.get(urljoin(base, server["url"]) + "/environments").json()["items"]
        assert httpx.get(f"{ledger.url}/healthz", trust_env=False).status_code == 200
