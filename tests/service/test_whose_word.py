"""No token and no key can speak for another's service, by any field of what it may send."""

import json
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from ..support.service.served import KEYS, Served, document, event, signature
from ..support.service.snapshots import deployed, see, written

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEEN, EVIL = f"sha256:{'5' * 64}", f"sha256:{'6' * 64}"


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


def hotfix() -> dict[str, Any]:
    """orders 1.4.2 runs, with another image than was released."""
    return event(at=NOON, metadata={"revision": "1.4.2", "image": f"ghcr.io/acme/orders@{SEEN}", "release": "hotfix"})


def in_staging(arrivals: Any) -> list[Any]:
    return [it for it in arrivals["items"] if it["environment"] == "staging" and it["service"] == "orders"]


async def said_of_orders(ledger: Served) -> Any:
    """All that the ledger says of what orders' own token, and staging's own key, told."""
    orders = document("orders", "1.4.2")
    state = [it for it in (await ledger.get("/environments/staging"))["services"] if it["place"] == "apps/orders"]
    found = [
        in_staging(await ledger.get(f"/digests/{it}?limit=200"))
        for it in (orders["chart"]["digest"], orders["images"][0]["digest"], SEEN)
    ]
    release = await ledger.get("/releases/orders/1.4.2")
    release["arrivals"]["items"] = in_staging(release["arrivals"])
    history = await ledger.get("/history?service=orders&environment=staging&limit=200")
    waited = await ledger.get("/releases/orders/1.4.2/wait?environment=staging")
    commit = [it for it in (await ledger.get(f"/commits/{'c' * 40}"))["items"] if it["service"] == "orders"]
    ran = in_staging(await ledger.get("/services/orders?limit=200"))
    return state, ran, found, release, history, waited, commit


async def test_no_field_of_a_waybill_speaks_for_another_service(ledger: Served) -> None:
    """A token for `evil` files whatever it may, each field once with a word of orders'."""
    evil = await ledger.token("releases:write", service="evil")
    orders = document("orders", "1.4.2")
    await ledger.say(hotfix())  # before orders files, and without an annotation of the service
    filed = 0
    words = ("orders", "1.4.2", orders["chart"]["digest"], orders["images"][0]["digest"], SEEN)
    for number, (path, word) in enumerate(product(paths(document("evil", "1.0.0")), words)):
        whole = document("evil", f"1.{number}.0", image={"digest": EVIL}, chart={"digest": EVIL})
        answer = await ledger.file(changed(whole, path, word), evil)
        assert answer.status_code in (201, 400, 403), (path, word, answer.text)
        filed += answer.status_code == 201
    whole = document("evil", "1.4.2", chart={"name": "orders"})
    await ledger.file(whole, evil)
    assert filed > len(words)
    [it] = (await ledger.get("/environments/staging"))["services"]
    assert (it["service"], it["release"]["known"], it["release"]["image"]) == ("orders", False, None)
    await ledger.file(orders)
    [it] = (await ledger.get("/environments/staging"))["services"]
    assert (it["service"], it["release"]["known"], it["release"]["mismatched"]) == ("orders", True, False)
    assert it["release"]["image"] == f"ghcr.io/acme/orders@{orders['images'][0]['digest']}"
    assert [each["service"] for each in (await ledger.get("/services/orders"))["items"]] == ["orders"]
    for word in words[2:]:
        assert len(in_staging(await ledger.get(f"/digests/{word}"))) == 1, word
    assert (await ledger.get("/services/evil"))["items"] == []


@pytest.mark.long
async def test_no_field_of_an_event_or_snapshot_speaks_for_another_environment(ledger: Served) -> None:
    """production's key signs whatever it may, each field once with a word of staging's."""
    await ledger.file(document("orders", "1.4.2"))
    await ledger.say(hotfix())
    before = await said_of_orders(ledger)
    assert all(before[2]), "the hotfix's digest, too"
    metadata = {"revision": "9.9.9", "service": "orders", "env": "x", "oci-digest": SEEN, "image": "x", "release": "x"}
    metadata |= {"tests": "5m", "tries": "upgrade=1"}
    said = event("UpgradeSucceeded", "9.9.9", at=NOON, metadata=metadata)
    for path in paths(said):
        for word in ("staging", "orders", "apps/orders", "HelmRelease", "UpgradeFailed", SEEN, f"orders@{SEEN}"):
            answer = await ledger.say(changed(said, path, word), "production")
            assert answer.status_code in (200, 201, 422), (path, word)
    image = {"workload": "Deployment/orders", "container": "web", "asked": f"x@{EVIL}", "running": f"x@{EVIL}"}
    listed = {"namespace": "apps", "name": "orders", "uid": "u1", "resourceVersion": "900", "images": [image]}
    listed |= {"history": [deployed("9.9.9", NOON, ociDigest=SEEN)], "imagesUnknown": "x", "deletionTimestamp": "x"}
    listed |= {
        "conditions": [{"type": "Ready", "status": "True", "reason": "x", "message": "x", "since": written(NOON)}]
    }
    ranges = [{"namespace": "apps", "from": "", "until": ""}]
    seen = {"taken_at": written(NOON), "ranges": ranges, "namespaces": ["other"], "helmreleases": [listed]}
    for path in paths(seen):
        for word in ("staging", "orders", "apps"):
            answer = await see(ledger, json.dumps(changed(seen, path, word)).encode(), "production")
            assert answer.status_code in (200, 201, 422), (path, word)
    body = json.dumps(said).encode()
    for headers in ({"X-Signature": signature(body, KEYS["production"][0])}, {"X-Environment": "production"}):
        assert (await ledger.http.post("/hooks/flux/staging", content=body, headers=headers)).status_code == 401
    assert await said_of_orders(ledger) == before
