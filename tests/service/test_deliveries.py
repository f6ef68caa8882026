"""What Flux says of manifests that it gets as an artifact is shown with the release that they are of."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ..support.service.served import Served, document, event, gitops

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DIGEST, OTHER = f"sha256:{'4' * 64}", f"sha256:{'5' * 64}"
COMMIT = "d" * 40
ORIGIN = f"orders-1.4.2@sha1:{COMMIT}"
ARTIFACT = {"repository": "oci://ghcr.io/acme/manifests/orders/staging", "digest": DIGEST, "revision": ORIGIN}


def said(kind: str, reason: str, minutes: int = 0, **more: Any) -> dict[str, Any]:
    """As source-controller and kustomize-controller say it of what notification-controller passes on."""
    about = {"kind": kind, "namespace": "flux-system", "name": "orders-staging", "uid": "1"}
    at = (NOON + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = {"revision": f"staging@{DIGEST}"}
    return (
        event()
        | {"involvedObject": about, "reason": reason, "timestamp": at, "message": "m", "metadata": metadata}
        | more
    )


async def deliveries(ledger: Served, query: str = "") -> list[dict[str, Any]]:
    answer = (await ledger.get(f"/releases/orders/1.4.2{query}"))["deliveries"]
    assert answer["next"] is None
    items: list[dict[str, Any]] = answer["items"]
    return items


async def filed(ledger: Served) -> None:
    source = {"tag": "orders-1.4.2", "release_commit": COMMIT}
    await ledger.file(document(gitops=gitops("1"), artifact=ARTIFACT, source=source))


@pytest.mark.parametrize("first", ["filed", "said"])
async def test_when_manifests_were_fetched_and_applied(ledger: Served, first: str) -> None:
    """Whether the release is filed before Flux speaks, or after: a tag is moved before it is filed."""
    if first == "filed":
        await filed(ledger)
    await ledger.say(said("OCIRepository", "NewArtifact"))
    await ledger.say(said("Kustomization", "Progressing", 1, message="HelmRelease/apps/orders created"))
    await ledger.say(said("Kustomization", "ReconciliationSucceeded", 2))
    await ledger.say(said("Kustomization", "ReconciliationSucceeded", 32))
    if first == "said":
        await filed(ledger)
    fetched, applied = await deliveries(ledger)
    assert fetched == {
        "environment": "staging",
        "object": "OCIRepository/flux-system/orders-staging",
        "outcome": "fetched",
        "digest": DIGEST,
        "origin": None,
        "mismatched": False,
        "from": "2026-03-01T12:00:00Z",
        "to": "2026-03-01T12:00:00Z",
        "message": None,
    }
    assert (applied["object"], applied["outcome"]) == ("Kustomization/flux-system/orders-staging", "applied")
    assert (applied["from"], applied["to"]) == ("2026-03-01T12:02:00Z", "2026-03-01T12:32:00Z")
    state = await ledger.get("/environments/staging")
    assert state["services"] == []
    assert [(it["cause"], it["bodies"]) for it in state["unread"]] == [("about another kind of object", 1)]
    page = (await ledger.http.get("/board/releases/orders/1.4.2")).text
    assert "Kustomization/flux-system/orders-staging" in page
    assert "another digest" not in page


async def test_why_manifests_were_not_fetched_or_applied(ledger: Served) -> None:
    await filed(ledger)
    message = f"failed to verify the signature: no matching signatures were found for 'ghcr.io/acme/x@{DIGEST}'"
    await ledger.say(said("OCIRepository", "VerificationError", severity="error", metadata={}, message=message))
    await ledger.say(said("Kustomization", "BuildFailed", severity="error", message="<b>kustomize</b> build failed"))
    refused, failed = await deliveries(ledger)
    assert (refused["outcome"], refused["message"]) == ("failed", message)
    assert (failed["outcome"], failed["message"]) == ("failed", "<b>kustomize</b> build failed")
    page = (await ledger.http.get("/board/releases/orders/1.4.2")).text
    assert "&lt;b&gt;kustomize" in page
    assert "<b>kustomize" not in page


async def test_the_origin_of_flux_2_10_tells_the_release_of_another_digest(ledger: Served) -> None:
    """Somebody pushed the same commit's manifests anew."""
    await filed(ledger)
    metadata = {"revision": f"staging@{OTHER}", "originRevision": ORIGIN}
    await ledger.say(said("OCIRepository", "NewArtifact", metadata=metadata))
    prefixed = {f"kustomize.toolkit.fluxcd.io/{key}": text for key, text in metadata.items()}
    await ledger.say(said("Kustomization", "ReconciliationSucceeded", metadata=prefixed))
    found = await deliveries(ledger)
    assert [(it["digest"], it["origin"], it["mismatched"]) for it in found] == [(OTHER, ORIGIN, True)] * 2
    assert "another digest than was filed" in (await ledger.http.get("/board/releases/orders/1.4.2")).text


@pytest.mark.parametrize(
    "more",
    [
        {"metadata": {"revision": "main@sha1:" + "a" * 40}, "message": "m"},
        {"metadata": {"revision": 5}, "message": f"of {DIGEST} and {OTHER}"},
        {"metadata": {"revision": f"staging@{DIGEST}x"}},
        {"timestamp": "yesterday"},
        {"timestamp": "1969-01-01T00:00:00Z"},
        {"involvedObject": {"kind": "Kustomization", "namespace": "<x>", "name": "y"}},
        {"involvedObject": {"kind": "HelmRelease", "namespace": "apps", "name": "orders"}},
    ],
)
async def test_what_tells_nothing_of_an_artifact(ledger: Served, more: dict[str, Any]) -> None:
    await filed(ledger)
    assert (await ledger.say(said("Kustomization", "ReconciliationSucceeded") | more)).status_code == 201
    assert await deliveries(ledger) == []


async def test_the_same_event_again_and_another_release_change_nothing(ledger: Served) -> None:
    await filed(ledger)
    await ledger.file(document(version="1.4.3", gitops=gitops("2")))
    for _ in range(2):
        await ledger.say(said("OCIRepository", "NewArtifact"))
    assert len(await deliveries(ledger)) == 1
    assert (await ledger.get("/releases/orders/1.4.3"))["deliveries"] == {"items": [], "next": None}
    [one] = await deliveries(ledger)
    assert one["environment"] == "staging"
    await ledger.say(said("OCIRepository", "NewArtifact"), "production")
    assert [it["environment"] for it in await deliveries(ledger)] == ["staging", "production"]
