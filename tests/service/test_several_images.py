"""Number 2 of the waybill: several images, their manifests, the changes, and what a caller may know of itself."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.database.tables import Event, ReleaseImage

from ..support.service.served import KEYS, Served, document, event, gitops, signature
from ..support.service.snapshots import deployed, see, snapshot

pytestmark = pytest.mark.anyio
WORKER, ARM = f"sha256:{'7' * 64}", f"sha256:{'2' * 64}"
CHANGE = {"commit": "c" * 40, "subject": 'Revert "x\\y"\u2028\n', "author": "Zoë\t"}


def several() -> dict[str, Any]:
    whole = document(gitops=gitops(), source={"changes": [CHANGE], "changes_left_out": 3, "since": "1.4.1"})
    worker = {"name": "worker", "repository": "ghcr.io/acme/worker", "digest": WORKER, "checked": False}
    whole["images"].append(worker | {"manifests": {"linux/amd64": WORKER}})
    return whole


async def test_a_release_is_found_by_every_digest_of_its_images(ledger: Served) -> None:
    await ledger.file(several())
    await ledger.say(event(at=datetime(2026, 3, 1, tzinfo=UTC)))
    for digest in (f"sha256:{'a' * 64}", WORKER, ARM):
        assert len((await ledger.get(f"/releases?digest={digest}"))["items"]) == 1
        assert len((await ledger.get(f"/releases?digest={digest}&service=orders"))["items"]) == 1
        found = await ledger.get(f"/digests/{digest}")
        assert (found["kind"], [it["place"] for it in found["items"]]) == ("image", ["apps/orders"])
        assert (await ledger.http.get(f"/board/search?q={digest[:20]}")).status_code == 303
    release = found["items"][0]["release"]
    assert release["image"] == f"ghcr.io/acme/orders@sha256:{'a' * 64}"
    assert release["images"] == {"orders": release["image"], "worker": f"ghcr.io/acme/worker@{WORKER}"}
    # One row for each image, and one for each manifest that has another digest.
    assert await ReleaseImage.count().where(ReleaseImage.platform.is_null()) == 2
    assert await ReleaseImage.count() == 4
    page = (await ledger.http.get("/board/releases/orders/1.4.2")).text
    assert all(it in page for it in (WORKER, "ghcr.io/acme/worker", "not looked up in the registry"))


async def test_the_order_of_images_does_not_matter_and_another_set_is_another_release(ledger: Served) -> None:
    whole = several()
    first = await ledger.file(whole)
    again = await ledger.file(whole | {"images": whole["images"][::-1]})
    assert (again.status_code, again.text) == (200, first.text)
    refused = await ledger.file(document())
    assert refused.json()["differs"] == ["images.worker.repository", "images.worker.digest"]
    twice = await ledger.file(whole | {"images": whole["images"] * 2})
    assert (twice.status_code, "one name" in twice.json()["detail"]) == (400, True)


async def test_changes_are_text_in_one_release_and_left_out_of_lists(ledger: Served) -> None:
    await ledger.file(several())
    source = (await ledger.get("/releases/orders/1.4.2"))["source"]
    assert source["changes"] == [{"commit": "c" * 40, "subject": 'Revert "x\\y"  ', "author": "Zoë "}]
    [listed] = (await ledger.get("/releases"))["items"]
    assert listed["source"] == {key: value for key, value in source.items() if key != "changes"}
    again = await ledger.file(several() | {"source": document()["source"]})
    assert again.status_code == 200


async def test_a_proposal_is_given_with_who_made_it(ledger: Served) -> None:
    by = {"actor": "ada", "run": "https://ci.example.org/1"}
    await ledger.file(document(gitops=gitops("1"), by=by))
    await ledger.file(document(gitops=gitops("1"), by=by | {"actor": "bob"}))  # the same proposal
    await ledger.file(document(gitops=gitops("2") | {"kind": "rollback", "reason": "it\nfails"}))
    proposals = (await ledger.get("/releases/orders/1.4.2"))["proposals"]
    assert proposals["items"] == [
        gitops("1") | {"by": by},
        gitops("2") | {"kind": "rollback", "reason": "it fails"},
    ]


async def test_a_caller_is_told_what_it_may_do(ledger: Served) -> None:
    token = await ledger.token("releases:write", service="orders")
    said = (await ledger.http.get("/caller", headers={"Authorization": f"Bearer {token}"})).json()
    assert said["now"] < said.pop("expires_at")
    assert said.pop("now")
    assert said == {"name": "test", "scopes": ["releases:write"], "service": "orders", "accepts": [1, 2]}
    assert (await ledger.http.get("/caller")).status_code == 401


async def test_a_signature_can_be_checked_and_nothing_is_kept(ledger: Served) -> None:
    for body in (b"", b"hello", json.dumps(event()).encode()):
        right = {"X-Signature": signature(body, KEYS["staging"][0])}
        answer = await ledger.http.post("/hooks/flux/staging/check", content=body, headers=right)
        assert (answer.status_code, answer.content) == (204, b"")
        wrong = await ledger.http.post("/hooks/flux/production/check", content=body, headers=right)
        assert wrong.status_code == 401
    assert await Event.count() == 0
    assert (await ledger.get("/environments"))["items"] == []


async def test_a_place_that_overrides_the_images_is_not_said_to_run_them(ledger: Served) -> None:
    whole = document(gitops={**gitops(), "places": [{"environment": "staging", "place": None, "overridden": True}]})
    assert (await ledger.file(whole)).status_code == 201
    released, other, now = f"sha256:{'a' * 64}", f"sha256:{'9' * 64}", datetime.now(UTC)
    said = {"revision": "1.4.2", "release": "1.4.2", "image": "overridden"}
    await ledger.say(event(at=now, metadata=said))
    await ledger.say(event(at=now), "production")
    [it] = (await ledger.get("/environments/staging"))["services"]
    assert (it["overridden"], it["release"]["image"], it["release"]["images"]) == (True, None, {})
    assert (it["release"]["version"], it["intended_image"], it["mismatches"]) == ("1.4.2", None, [])
    assert "overridden" in (await ledger.http.get("/board/environments/staging")).text
    assert released[7:19] not in (await ledger.http.get("/board/environments/staging")).text

    async def where(digest: str) -> set[str]:
        return {found["environment"] for found in (await ledger.get(f"/digests/{digest}"))["items"]}

    assert await where(released) == {"production"}
    history = deployed("1.4.2", now) | {"version": 1}
    for digest in (other, released):
        pods = [{"workload": "Deployment/orders", "container": "web", "asked": f"a@{digest}", "running": "", "pods": 1}]
        body = json.loads(snapshot(history, taken=now))
        body["helmreleases"][0] |= {"uid": str(uuid.uuid5(uuid.NAMESPACE_URL, "apps/orders")), "images": pods}
        assert (await see(ledger, json.dumps(body).encode())).status_code == 201
        assert await where(digest) == ({"staging"} if digest == other else {"staging", "production"})
    [filed] = (await ledger.get("/releases/orders/1.4.2"))["proposals"]["items"]
    assert filed["places"] == [{"environment": "staging", "place": None, "overridden": True}]
    await ledger.say(event("UpgradeSucceeded", "1.4.3", at=now + timedelta(seconds=1), resource_version=2))
    [it] = (await ledger.get("/environments/staging"))["services"]
    assert not it["overridden"]
