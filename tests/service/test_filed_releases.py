"""Filed releases are listed newest first, and one is given with its proposals and arrivals."""

from datetime import UTC, datetime, timedelta

import pytest

from ..support.service.life import tell
from ..support.service.served import Served, document, event, gitops
from ..support.service.stories import E, z

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHART = f"sha256:{'f' * 64}"


async def test_releases_newest_first_by_service_and_digest(ledger: Served) -> None:
    other = {"digest": f"sha256:{'9' * 64}"}
    await ledger.file(document("orders", "1.0.0"))
    await ledger.file(document("web", "2.0.0", image=other))
    await ledger.file(document("orders", "1.1.0", image=other, chart={"digest": f"sha256:{'8' * 64}"}))

    async def versions(query: str) -> list[str]:
        return [it["chart"]["version"] for it in (await ledger.get(f"/releases?{query}"))["items"]]

    assert await versions("") == ["1.1.0", "2.0.0", "1.0.0"]
    assert await versions("service=orders") == ["1.1.0", "1.0.0"]
    assert await versions(f"digest={other['digest']}") == ["1.1.0", "2.0.0"]
    assert await versions(f"digest={other['digest']}&service=web") == ["2.0.0"]
    assert await versions(f"digest={CHART}") == ["2.0.0", "1.0.0"]
    assert await versions(f"digest=sha256:{'7' * 64}") == []


async def test_a_release_is_its_waybill_with_what_became_of_it(ledger: Served) -> None:
    whole = document(gitops=gitops("1"))
    receipt = (await ledger.file(whole)).json()
    await ledger.file(document(gitops=gitops("2", "production")))
    await ledger.say(event(at=NOON))
    await ledger.say(event(at=NOON + timedelta(hours=1)), "production")
    answer = await ledger.get("/releases/orders/1.4.2")
    proposals, arrivals = answer.pop("proposals"), answer.pop("arrivals")
    assert answer.pop("failures") == answer.pop("deliveries") == {"items": [], "next": None}
    assert answer == whole | {"receipt": receipt}
    assert proposals == {"items": [gitops("1"), gitops("2", "production")], "next": None}
    assert [(it["environment"], it["until"]) for it in arrivals["items"]] == [("production", None), ("staging", None)]
    [listed] = (await ledger.get("/releases"))["items"]
    assert listed == answer


async def test_a_proposal_tells_its_manifests_and_their_digest_finds_the_release(ledger: Served) -> None:
    artifacts = [
        {"repository": f"oci://ghcr.io/acme/{name}", "digest": f"sha256:{digit * 64}", "revision": "v1@sha1:1"}
        for name, digit in (("staging", "4"), ("production", "5"))
    ]
    await ledger.file(document(gitops=gitops("1"), artifact=artifacts[0]))
    await ledger.file(document(gitops=gitops("2", "production"), artifact=artifacts[1]))
    await ledger.file(document(gitops=gitops("3", "canary")))
    answer = await ledger.get("/releases/orders/1.4.2")
    assert [it.get("artifact") for it in answer["proposals"]["items"]] == [*artifacts, None]
    for artifact in artifacts:
        found = await ledger.get(f"/releases?digest={artifact['digest']}")
        assert [it["chart"]["version"] for it in found["items"]] == ["1.4.2"]
        found = await ledger.http.get("/board/search", params={"q": artifact["digest"][:20]})
        assert "/board/releases/orders/1.4.2" in found.headers.get("location", "") + found.text
        assert artifact["digest"] in (await ledger.http.get("/board/releases/orders/1.4.2")).text


async def test_a_release_tells_its_failures_and_its_lists_go_on(
    ledger: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for commit in "1234":
        await ledger.file(document(version="1.1.0", gitops=gitops(commit)))
    for number in range(3):
        begin = number * 100
        await tell(
            ledger,
            [
                E(begin + 1, "InstallSucceeded", "1.0.0", rv=begin + 1),
                E(begin + 10, "UpgradeFailed", "1.1.0", rv=begin + 2),
                E(begin + 50, "UpgradeSucceeded", "1.1.0", rv=begin + 3),
            ],
        )
    whole = await ledger.get("/releases/orders/1.1.0?&")  # not what is kept when the lists become shorter
    assert [len(whole[name]["items"]) for name in ("proposals", "arrivals", "failures")] == [4, 3, 3]
    assert [it["when"] for it in whole["failures"]["items"]] == [z(210), z(110), z(10)]
    assert {(it["kind"], it["url"]) for it in whole["failures"]["items"]} == {("failed", "/releases/orders/1.1.0")}
    monkeypatch.setattr("service.ledger.releases.read.MOST", 2)
    for name in ("proposals", "arrivals", "failures"):
        first = (await ledger.get("/releases/orders/1.1.0"))[name]
        rest = (await ledger.get(f"/releases/orders/1.1.0?{name}={first['next']}"))[name]
        assert (len(first["items"]), rest["next"]) == (2, None)
        assert first["items"] + rest["items"] == whole[name]["items"]
