"""Filed releases are listed newest first, and one is given with its proposals and arrivals."""

from datetime import UTC, datetime, timedelta

import pytest

from ..support.service.served import Served, document, event, gitops

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
    assert answer == whole | {"receipt": receipt}
    assert proposals == {"items": [gitops("1"), gitops("2", "production")], "next": None}
    assert [(it["environment"], it["until"]) for it in arrivals["items"]] == [("production", None), ("staging", None)]
    [listed] = (await ledger.get("/releases"))["items"]
    assert listed == answer
