"""Hostile input is refused in one form, on both databases alike, and leaves nothing behind."""

import json
import random
import resource
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from service.database.tables import TABLES, Token
from service.http.limits import BODY_BYTES

from ..support.service.hostile import TEXT, WRONG, bodies, signed_bodies
from ..support.service.hostile_requests import RAW, forged
from ..support.service.replica import replica
from ..support.service.served import KEYS, Served, document, event, signature
from ..support.service.sizes import size

pytestmark = pytest.mark.anyio
JSON = {"Content-Type": "application/json"}
DIGEST = f"sha256:{'f' * 64}"
FORGERIES = size(500, 20_000)


async def stored() -> int:
    return sum([await table.count() for table in TABLES if table is not Token])


async def test_no_hostile_body_is_filed(ledger: Served, record_property: Callable[[str, str], None]) -> None:
    ledger.http.headers["Authorization"] = f"Bearer {await ledger.token('releases:write')}"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tried = 0
    for name, body in bodies():
        answer = await ledger.http.post("/releases", content=body, headers=JSON)
        assert answer.status_code == 400, (name, answer.status_code, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", name
        assert answer.json()["status"] == 400, name
        tried += 1
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    record_property("figure", f"{tried} hostile bodies, 0 filed, {grown:.0f} MiB more memory")
    assert tried >= 150
    assert grown < 50
    assert await stored() == 0


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        ("/releases", {"Content-Type": "text/plain"}, TEXT.encode(), 415),
        ("/releases", {}, TEXT.encode(), 415),
        ("/releases", {"Content-Type": "application/x-www-form-urlencoded"}, b"a=b", 415),
        ("/releases", {"Content-Type": "multipart/form-data"}, b"--\r\n", 415),
        ("/releases", {"Content-Type": "application/json; charset=latin-1\u00e9".encode("latin-1")}, b"{}", 400),
        ("/releases", JSON | {"Content-Encoding": "gzip"}, b"\x1f\x8b", 400),
        ("/releases", JSON, b"[" * 300_000, 413),
        ("/hooks/flux/staging", JSON, b"{}", 401),
        ("/hooks/flux/staging", {"X-Signature": ""}, b"{}", 401),
        ("/hooks/flux/staging", {"X-Signature": "sha256=" + "\u00e9" * 64}, b"{}", 401),
        ("/hooks/flux/staging", {"X-Signature": signature(b"{}", KEYS["staging"][0])}, b" " * 4_300_000, 413),
        ("/hooks/flux/Staging", {"X-Signature": signature(b"{}", KEYS["staging"][0])}, b"{}", 400),
        ("/hooks/flux/a%00b", {"X-Signature": signature(b"{}", KEYS["staging"][0])}, b"{}", 400),
        ("/hooks/flux/" + "a" * 5_000, {"X-Signature": signature(b"{}", KEYS["staging"][0])}, b"{}", 400),
    ],
)
async def test_no_hostile_header_or_address_is_taken(
    ledger: Served, path: str, headers: dict[str, str | bytes], body: bytes, status: int
) -> None:
    encoded = {name: it.encode("latin-1") if isinstance(it, str) else it for name, it in headers.items()}
    if path == "/releases":
        encoded["Authorization"] = f"Bearer {await ledger.token('releases:write')}".encode()
    answer = await ledger.http.post(path, content=body, headers=encoded)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert await stored() == 0


EVENT = event("UpgradeSucceeded", "1.4.2", metadata={"revision": "1.4.2", "oci-digest": DIGEST, "service": "orders"})
RELEASE = {"namespace": "apps", "name": "web", "uid": "u", "resourceVersion": "7", "ready": True}
DEPLOYED = {"status": "deployed", "lastDeployed": "2026-01-02T03:04:05Z", "chartVersion": "1.4.2", "chartName": "web"}


@pytest.mark.long
@pytest.mark.parametrize("path", ["/hooks/flux/staging", "/hooks/flux/staging/snapshot"])
async def test_no_signed_body_disturbs_the_ledger(
    ledger: Served, path: str, record_property: Callable[[str, str], None]
) -> None:
    """It is kept, whatever it says; what runs can be read before and after it, and each page of the board."""
    said = [EVENT]
    if path.endswith("snapshot"):
        entry = DEPLOYED | {"ociDigest": DIGEST}
        taken = {"taken_at": "2026-01-02T04:00:00Z", "namespaces": ["apps"]}
        hostile = [entry | {name: value} for name in entry for value in WRONG.values()]
        places = [RELEASE | {"name": f"web-{number}", "history": [it]} for number, it in enumerate(hostile)]
        said = [{**taken, "helmreleases": [it]} for it in [*places, RELEASE | {"history": []}]]
    tried = 0
    for whole in said:
        for name, body in signed_bodies(whole) if whole is said[-1] else [("history", json.dumps(whole).encode())]:
            if len(body) > BODY_BYTES:
                continue
            headers = {"X-Signature": signature(body, KEYS["staging"][0])}
            answer = await ledger.http.post(path, content=body, headers=headers)
            assert answer.status_code in (200, 201, 422), (name, answer.text)
            unsigned = await ledger.http.post(path, content=body, headers={"X-Signature": "sha256=" + "0" * 64})
            assert unsigned.status_code == 401, name
            tried += 1
    assert tried >= 150
    for read in (
        "/environments/staging",
        "/environments/staging/arrivals?limit=200",
        "/",
        "/board/environments/staging",
    ):
        assert (await ledger.http.get(read)).status_code == 200
    record_property("figure", f"{tried} signed bodies, each kept, none disturbed what is read")


async def test_no_forged_signature_is_taken(ledger: Served, record_property: Callable[[str, str], None]) -> None:
    seed = random.randrange(2**32)  # noqa: S311 - no secret
    chance = random.Random(seed)  # noqa: S311
    body = json.dumps(event()).encode()
    right = signature(body, KEYS["staging"][0])
    for _ in range(FORGERIES):
        sent, headers = forged(chance, body, right)
        answer = await ledger.http.post("/hooks/flux/staging", content=sent, headers=headers)
        assert answer.status_code == 401, (seed, sent, headers)
    record_property("figure", f"{FORGERIES} forged signatures, 0 taken (seed {seed})")
    assert await stored() == 0
    answer = await ledger.http.post("/hooks/flux/staging", content=body, headers={"X-Signature": right})
    assert answer.status_code == 201


def test_no_hostile_connection_disturbs_the_ledger(tmp_path: Path) -> None:
    with replica(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "log") as ledger, ledger.http() as http:
        host, port = ledger.url.removeprefix("http://").split(":")
        for name, sent in RAW.items():
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                try:
                    connection.sendall(sent)
                    connection.shutdown(socket.SHUT_WR)
                    answer = connection.recv(4096)
                except ConnectionError:
                    answer = b""
            assert b" 500 " not in answer.split(b"\r\n")[0], (name, answer)
            assert http.get("/healthz").status_code == 200, name
        assert http.get("/releases").json()["items"] == []
        assert http.post("/releases", json=document()).status_code == 401
    assert "Traceback" not in ledger.log.read_text()
