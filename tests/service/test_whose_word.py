"""No token and no key can speak for another's service, by any field of what it may send."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ..support.service import snapshots
from ..support.service.served import KEYS, Served, document, event, signature
from ..support.service.snapshots import deployed, see

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def paths(of: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Of every string in a document."""
    if isinstance(of, dict):
        return [it for key, value in of.items() for it in paths(value, (*path, key))]
    if isinstance(of, list):
        return [it for number, value in enumerate(of) for it in paths(value, (*path, number))]
    return [path] if isinstance(of, str) else []


def changed(of: Any, path: tuple[Any, ...], text: str) -> Any:
    whole = json.loads(json.dumps(of))
    at = whole
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = text
    return whole


async def said_of_orders(ledger: Served) -> Any:
    """All that the ledger says of what orders' own token, and staging's own key, told."""
    state = [it for it in (await ledger.get("/environments/staging"))["services"] if it["place"] == "apps/orders"]
    arrivals = (await ledger.get("/services/orders"))["items"]
    return state, [it for it in arrivals if it["environment"] == "staging"], await ledger.get("/releases/orders/1.4.2")


async def test_no_field_of_a_waybill_speaks_for_another_service(ledger: Served) -> None:
    """A token for `evil` files whatever it may, each field once with a word of orders'."""
    evil = await ledger.token("releases:write", service="evil")
    orders = document("orders", "1.4.2")
    await ledger.say(event(at=NOON))  # before orders files, and without an annotation
    filed = 0
    for number, path in enumerate(paths(document("evil", "1.0.0"))):
        for word in ("orders", "1.4.2", orders["chart"]["digest"], orders["images"][0]["digest"]):
            whole = document("evil", f"1.{number}.0")
            answer = await ledger.file(changed(whole, path, word), evil)
            assert answer.status_code in (200, 201, 400, 403, 409), (path, word, answer.text)
            filed += answer.status_code == 201
    whole = document("evil", "1.4.2", chart={"name": "orders"})
    await ledger.file(whole, evil)
    assert filed > 0
    [it] = (await ledger.get("/environments/staging"))["services"]
    assert (it["service"], it["release"]["known"], it["release"]["image"]) == ("orders", False, None)
    await ledger.file(orders)
    [it] = (await ledger.get("/environments/staging"))["services"]
    assert (it["service"], it["release"]["known"], it["release"]["mismatched"]) == ("orders", True, False)
    assert it["release"]["image"] == f"ghcr.io/acme/orders@{orders['images'][0]['digest']}"
    assert [each["service"] for each in (await ledger.get("/services/orders"))["items"]] == ["orders"]
    assert (await ledger.get("/services/evil"))["items"] == []


async def test_no_field_of_an_event_or_snapshot_speaks_for_another_environment(ledger: Served) -> None:
    """production's key signs whatever it may, each field once with a word of staging's."""
    await ledger.file(document("orders", "1.4.2"))
    await ledger.say(event(at=NOON))
    before = await said_of_orders(ledger)
    said = event("UpgradeFailed", "9.9.9", at=NOON, metadata={"revision": "9.9.9", "service": "orders", "env": "x"})
    for path in paths(said):
        for word in ("staging", "orders", "apps/orders", "HelmRelease"):
            answer = await ledger.say(changed(said, path, word), "production")
            assert answer.status_code in (200, 201, 422), (path, word)
    seen = json.loads(snapshots.snapshot(deployed("9.9.9", NOON), taken=NOON))
    for path in paths(seen):
        for word in ("staging", "orders", "apps"):
            answer = await see(ledger, json.dumps(changed(seen, path, word)).encode(), "production")
            assert answer.status_code in (200, 201, 422), (path, word)
    body = json.dumps(said).encode()
    for headers in ({"X-Signature": signature(body, KEYS["production"][0])}, {"X-Environment": "production"}):
        assert (await ledger.http.post("/hooks/flux/staging", content=body, headers=headers)).status_code == 401
    after = await said_of_orders(ledger)
    assert (after[0], after[1]) == (before[0], before[1])
    assert [it for it in after[2]["arrivals"]["items"] if it["environment"] == "staging"] == before[2]["arrivals"][
        "items"
    ]
