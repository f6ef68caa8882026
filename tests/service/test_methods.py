"""HEAD and OPTIONS as RFC 9110 has them, on every route and for everybody who may read or write it."""

import pytest

from service.app import create_app
from service.settings import Settings

from ..support.service.floods import sent
from ..support.service.replica import replica
from ..support.service.served import Served, document, event, served

pytestmark = pytest.mark.anyio
READ = [
    "/",
    "/releases",
    "/releases/orders/1.4.2",
    "/environments",
    "/environments/staging",
    "/environments/staging?at=2026-01-02T03:04:05Z",
    "/board/environments/staging",
    "/board/search?q=orders",
    "/static/board.css",
    "/schema",
    "/healthz",
    "/readyz",
    "/metrics",
]


async def test_head_is_get_without_the_body(ledger: Served) -> None:
    await ledger.file(document())
    await ledger.say(event())
    for path in [*READ, "/environments/nowhere", "/no/such/address"]:
        plain = {"Accept-Encoding": "identity"}  # packed, a page is as long as its moment lets it be
        whole, head = await ledger.http.get(path, headers=plain), await ledger.http.head(path, headers=plain)
        assert (head.status_code, head.content) == (whole.status_code, b""), path
        for name in ("content-type", "content-security-policy", "cache-control", "etag"):
            assert head.headers.get(name) == whole.headers.get(name), (path, name)
        if not path.startswith(("/metrics", "/environments", "/board/environments", "/no")):  # these say the time
            assert head.headers["content-length"] == whole.headers["content-length"], path


async def test_head_needs_what_get_needs(database_url: str) -> None:
    async with served(database_url, READS="token") as ledger:
        assert (await ledger.http.head("/releases")).status_code == 401
        shown = {"Authorization": f"Bearer {await ledger.token('read')}"}
        assert (await ledger.http.head("/releases", headers=shown)).status_code == 200


async def test_options_names_the_methods_and_needs_no_right(database_url: str) -> None:
    async with served(database_url, READS="token") as ledger:
        for path, methods in {
            "/releases": "GET, HEAD, OPTIONS, POST",
            "/environments/staging": "GET, HEAD, OPTIONS",
            "/hooks/flux/staging": "OPTIONS, POST",
            "/metrics": "GET, HEAD, OPTIONS",
        }.items():
            answer = await ledger.http.options(path)
            assert (answer.status_code, answer.content) == (204, b""), path
            assert answer.headers["allow"] == methods
            refused = await ledger.http.request("DELETE", path)
            assert (refused.status_code, refused.headers["allow"]) == (405, methods)
        assert (await ledger.http.options("/no/such/address")).status_code == 404
        assert (await ledger.http.head("/hooks/flux/staging")).status_code == 405


def test_every_route_answers_options() -> None:
    app = create_app(Settings.from_environment({}))
    assert all("OPTIONS" in getattr(route, "methods", {"OPTIONS"}) for route in app.routes)


async def test_head_and_options_over_a_socket(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    end = b"Host: ledger\r\nConnection: close\r\n\r\n"
    with replica(f"sqlite:///{folder / 'ledger.db'}", folder / "log") as ledger:
        head = await sent(ledger.url, iter([b"HEAD /healthz HTTP/1.1\r\n" + end]))
        assert head.startswith(b"HTTP/1.1 200 ")
        assert head.endswith(b"\r\n\r\n")
        whole = await sent(ledger.url, iter([b"OPTIONS * HTTP/1.1\r\n" + end]))
        assert whole.startswith(b"HTTP/1.1 204 ")
        assert b"allow: GET, HEAD, OPTIONS, POST" in whole
        said = [it for it in ledger.logged() if it.get("path") == "/healthz"]
        assert not said
