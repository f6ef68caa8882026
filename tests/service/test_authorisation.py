"""Every operation x every kind of caller. A route without a row fails."""

from datetime import timedelta

import pytest
from litestar import Litestar

from service.app import create_app
from service.auth import guards
from service.auth.caller import Caller
from service.ledger import tokens
from service.settings import Settings

from ..support.service.served import Served, document, event, served

pytestmark = pytest.mark.anyio

ROWS = {
    "GET /healthz": "public",
    "GET /readyz": "public",
    "GET /schema": "public",
    "GET /waybill.schema.json": "public",
    "GET /static/{file_path}": "public",
    "GET /badge/{service}/{file}": "public",  # 404 where reads need a token
    "POST /hooks/flux/{environment}": "signature",
    "POST /hooks/flux/{environment}/snapshot": "signature",
    "POST /hooks/flux/{environment}/check": "signature",
    "GET /caller": "any",
    "POST /releases": "write",
    "GET /metrics": "metrics",
    "GET /": "read",
    "GET /board": "read",
    "GET /board/services/{service}": "read",
    "GET /board/compare": "read",
    "GET /board/history": "read",
    "GET /board/{rest}": "read",
    "GET /board/environments/{environment}": "read",
    "GET /board/environments/{environment}/said": "read",
    "GET /board/releases/{service}/{version}": "read",
    "GET /board/search": "read",
    "GET /releases": "read",
    "GET /releases/{service}/{version}": "read",
    "GET /releases/{service}/{version}/wait": "read",
    "GET /environments": "read",
    "GET /environments/{environment}": "read",
    "GET /environments/{environment}/arrivals": "read",
    "GET /services/{service}": "read",
    "GET /digests/{digest}": "read",
    "GET /figures": "read",
    "GET /figures/{name}": "read",
    "GET /board/figures": "read",
    "GET /board/figures/{name}": "read",
    "GET /history": "read",
    "GET /history.atom": "read",
    "GET /services": "read",
    "GET /commits/{commit}": "read",
    "GET /abbreviations/{digits}": "read",
    "GET /proposals": "read",
    "GET /stages": "read",
    "GET /environments/{environment}/compare": "read",
}
SAMPLES = {
    "service": "orders",
    "version": "1.4.2",
    "environment": "staging",
    "digest": f"sha256:{'a' * 64}",
    "commit": "c" * 40,
    "digits": "cccc",
    "file_path": "board.css",
    "file": "staging.svg",
    "rest": "elsewhere",
    "name": "commits",
}
ALLOWED = {  # caller -> what it may do besides what is public
    "nobody": set(),
    "mistyped": set(),
    "unknown": set(),
    "expired": set(),
    "revoked": set(),
    "reader": {"any", "read"},
    "scraper": {"any", "metrics"},
    "writer of orders": {"any", "write"},
    "writer of another": {"any"},
    "writer of any": {"any", "write"},
}
WITHOUT_A_LIVE_TOKEN = {"nobody", "mistyped", "unknown", "expired", "revoked"}


def operations(app: Litestar) -> set[str]:
    return {
        f"{method} {route.path_format}"
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        for method in handler.http_methods - {"OPTIONS"}
    }


async def callers(ledger: Served) -> dict[str, str | None]:
    live = await ledger.token("read", "metrics", "releases:write")
    revoked = await ledger.token("read", "metrics", "releases:write")
    assert await tokens.revoke(next(it.id for it in await tokens.every() if it.sha256 == tokens.hashed(revoked)))
    return {
        "nobody": None,
        "mistyped": live[:-1] + ("0" if live[-1] != "0" else "1"),
        "unknown": tokens.generate(),
        "expired": await ledger.token("read", "metrics", "releases:write", lifetime=timedelta(0)),
        "revoked": revoked,
        "reader": await ledger.token("read"),
        "scraper": await ledger.token("metrics"),
        "writer of orders": await ledger.token("releases:write", service="orders"),
        "writer of another": await ledger.token("releases:write", service="payments"),
        "writer of any": await ledger.token("releases:write"),
    }


def test_every_route_has_a_row() -> None:
    assert operations(create_app(Settings.from_environment({}))) == set(ROWS)


@pytest.mark.long
@pytest.mark.parametrize("reads", ["public", "token"])
async def test_everyone_may_do_what_the_table_says_and_nothing_else(database_url: str, reads: str) -> None:
    async with served(database_url, READS=reads) as ledger:
        assert (await ledger.say(event())).status_code == 201
        everyone = await callers(ledger)
        for operation, needs in ROWS.items():
            method, path = operation.split(" ")
            free = needs == "public" or (reads == "public" and needs in ("read", "metrics"))
            for caller, token in everyone.items():
                answer = await ledger.http.request(
                    method,
                    path.format(**SAMPLES),
                    json=document() if needs == "write" else None,
                    headers={"Authorization": f"Bearer {token}"} if token else {},
                )
                refused = answer.status_code in (401, 403)
                assert refused != (free or needs in ALLOWED[caller]), (operation, caller, answer.text)
                if refused and needs != "signature":
                    assert (answer.status_code == 401) == (caller in WITHOUT_A_LIVE_TOKEN), (operation, caller)
                    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)


async def test_a_browser_reads_with_the_token_as_password_and_writes_nothing(database_url: str) -> None:
    async with served(database_url, READS="token") as ledger:
        token = await ledger.token("read", "releases:write")
        anyone, wrong = ("anyone", token), ("anyone", token[:-1])
        assert (await ledger.http.get("/releases", auth=anyone)).status_code == 200
        assert (await ledger.http.get("/releases", auth=wrong)).status_code == 401
        assert (await ledger.http.post("/releases", json=document(), auth=anyone)).status_code == 401
        asked = await ledger.http.get("/")
        assert asked.headers["www-authenticate"].startswith("Basic ")
        assert (await ledger.http.get("/", headers={"Authorization": "Basic ?"})).status_code == 401


async def test_another_way_to_prove_who_one_is_is_an_authenticator_more(
    ledger: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def badge(connection: guards.Connection) -> Caller | None:
        name = connection.headers.get("x-badge")
        return Caller(f"test/{name}", name, ("releases:write",), "orders") if name else None

    async def status(service: str, **headers: str) -> int:
        return (await ledger.http.post("/releases", json=document(service), headers=headers)).status_code

    assert await status("orders", **{"X-Badge": "ada"}) == 401
    monkeypatch.setattr(guards, "AUTHENTICATORS", (*guards.AUTHENTICATORS, badge))
    assert await status("orders", **{"X-Badge": "ada"}) == 201
    assert await status("payments", **{"X-Badge": "ada"}) == 403
    assert await status("orders", Authorization=f"Bearer {await ledger.token('releases:write')}") == 200
    assert await status("orders", Authorization="Bearer wb_wrong", **{"X-Badge": "ada"}) == 401
    assert await status("orders") == 401


async def test_who_may_not_write_learns_nothing_of_what_is_filed(ledger: Served) -> None:
    await ledger.file(document())
    stranger = await ledger.token("releases:write", service="payments")
    other = document(image={"digest": f"sha256:{'0' * 64}"})
    answers = [(await ledger.file(it, stranger)).json() | {"request_id": None} for it in (document(), other)]
    assert answers[0] == answers[1]
