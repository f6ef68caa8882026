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
    ],
)
async def test_a_malformed_parameter_is_400_and_named(ledger: Served, path: str) -> None:
    answer = await ledger.http.get(path)
    assert answer.status_code == 400, answer.text
    [error] = answer.json()["errors"]
    assert error.partition(":")[0] in path or error.partition(":")[0] in ("service", "environment", "digest", "version")
