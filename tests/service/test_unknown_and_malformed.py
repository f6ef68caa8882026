"""What is unknown is a 404, what is known and empty an empty list, and what is malformed a 400 that names it."""

import pytest

from ..support.service.served import Served, document, event

pytestmark = pytest.mark.anyio

IMAGE = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    "path",
    [
        "/environments/nowhere",
        "/environments/nowhere?at=2026-01-01T00:00:00Z",
        "/environments/nowhere/arrivals",
        "/services/nothing",
        f"/digests/sha256:{'5' * 64}",
        "/releases/orders/9.9.9",
        "/releases/nothing/1.4.2",
        "/no/such/address",
    ],
)
async def test_what_is_unknown_is_404_and_says_what(ledger: Served, path: str) -> None:
    await ledger.file(document())
    await ledger.say(event())
    answer = await ledger.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"]


async def test_what_is_known_and_empty_is_an_empty_list(ledger: Served) -> None:
    await ledger.file(document())
    await ledger.say(event("InventoryBuildFailed"))
    empty = {"items": [], "next": None}
    assert await ledger.get("/services/orders") == empty
    assert await ledger.get("/environments/staging/arrivals") == empty
    assert await ledger.get(f"/digests/{IMAGE}") == empty | {"kind": "image"}
    assert await ledger.get("/environments/staging/arrivals?service=nothing") == empty


NAMES = ("service", "environment", "digest", "version", "commit", "digits")


@pytest.mark.parametrize(
    "path",
    [
        "/releases?limit=0",
        "/releases?limit=201",
        "/releases?limit=many",
        "/releases?cursor=x",
        "/releases?digest=sha256:00",
        "/environments?cursor=-1",
        "/environments/staging/arrivals?cursor=1",
        "/services/orders?cursor=%00",
        "/services/%00",
        "/environments/Staging",
        "/digests/sha256:xyz",
        "/releases/orders/%00",
        "/services/orders%0A",
        "/environments/staging%0A",
        "/environments/staging/compare?with=staging%0A",
        "/releases/orders/1.4.2%0A",
        "/releases?service=orders%0A",
        "/releases?cursor=1%0A",
        f"/commits/{'a' * 40}%0A",
        "/abbreviations/abcd%0A",
        "/environments/staging?at=soon",
        "/environments/staging?at=2026-13-01",
        "/environments/staging?at=2026-02-30T00:00:00Z",
        "/environments/staging?at=2026-01-01T00:00:00%2B25:00",
        "/environments/staging?at=9999-12-31T23:59:59-23:00",
    ],
)
async def test_a_malformed_parameter_is_400_and_named(ledger: Served, path: str) -> None:
    answer = await ledger.http.get(path)
    assert answer.status_code == 400, answer.text
    [error] = answer.json()["errors"]
    assert error.partition(":")[0] in path or error.partition(":")[0] in NAMES
    assert "regex" not in error


@pytest.mark.parametrize(
    ("path", "errors"),
    [
        (
            "/releases?sevice=orders",
            ["sevice: there is no such parameter here, only commit, cursor, digest, limit, service"],
        ),
        ("/history?kind=failed&enviroment=staging&form=2026-01-01", ["enviroment: there is no", "form: there is no"]),
        ("/environments/staging?%61t=2026-01-01&AT=2026-01-01&", ["AT: there is no such parameter here, only at"]),
        (
            "/environments/staging/compare?wit%68_=production",
            ["with_: there is no such parameter here, only at"],
        ),
        ("/environments/staging?at=2026-01-01&%61t=2026-01-02", ["at: it is given more than once"]),
        (
            "/releases/orders/1.4.2/wait?enviroment=staging",
            ["enviroment: there is no such parameter here, only environment"],
        ),
        ("/releases/orders/1.4.2?%00=%0A", ["\0: there is no such parameter"]),
        ("/figures?=", ["(no name): there is no such parameter"]),
        ("/proposals?environment=staging", ["environment: there are no parameters here"]),
        (f"/stages?{'&'.join(map(str, range(1000)))}", ["0: there are no parameters here"] + 9 * [""]),
    ],
)
async def test_a_parameter_that_is_not_there_is_not_passed_over(ledger: Served, path: str, errors: list[str]) -> None:
    """With a filter ignored the answer would be about everything."""
    answer = await ledger.http.get(path)
    assert answer.status_code == 400, answer.text
    found = answer.json()["errors"]
    assert ("upgrade the ledger first" in answer.json().get("remedy", "")) == ("there " in errors[0])
    assert [it[: len(error)] for it, error in zip(found, errors, strict=True)] == errors


async def test_a_release_is_not_filed_where_more_was_asked_for(ledger: Served) -> None:
    token = await ledger.token("releases:write")
    shown = {"Authorization": f"Bearer {token}"}
    answer = await ledger.http.post("/releases?dry_run=true", json=document(), headers=shown)
    assert (answer.status_code, answer.json()["errors"]) == (400, ["dry_run: there are no parameters here"])
    assert (await ledger.get("/releases"))["items"] == []


async def test_what_others_add_to_an_address_does_no_harm(ledger: Served) -> None:
    """A chat program, a collector, a balancer."""
    await ledger.file(document())
    assert (await ledger.say(event())).status_code == 201
    for path in (
        "/?utm_source=chat",
        "/board/history?ref=mail",
        "/badge/orders/staging.svg?1",
        "/metrics?x&x",
        "/readyz?x",
    ):
        assert (await ledger.http.get(path)).status_code == 200


@pytest.mark.parametrize(
    "at",
    [
        "2026-01-03",
        "2026-01-03T00:00:00Z",
        "2026-01-03T00:00:00.000Z",
        "2026-01-03T02:00:00%2B02:00",
        "2026-01-03T02:00:00+02:00",
        "2026-01-02T19:00:00-0500",
        "2026-01-03T00:00",
        "2026-01-03 00:00:00",
    ],
)
async def test_a_time_may_be_a_date_or_have_an_offset(ledger: Served, at: str) -> None:
    await ledger.say(event())
    then = await ledger.get(f"/environments/staging?at={at}")
    assert then["at"] == "2026-01-03T00:00:00Z"


@pytest.mark.parametrize("path", ["?at=", "/compare?at=", "/compare?with_at="])
async def test_nothing_is_said_of_what_has_not_happened_yet(ledger: Served, path: str) -> None:
    await ledger.say(event())
    answer = await ledger.get(f"/environments/staging{path}2999-01-01", 400)
    assert answer["detail"] == "2999-01-01 has not happened yet."
