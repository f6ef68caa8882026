"""A commit is found in the releases that contain it, and where those run."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.database.tables import Proposal, Release, ReleaseCommit
from service.ledger.releases.upgrade import upgrade

from ..support.service.served import Served, document, event, gitops

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE, TAGGED, CHANGE, OTHER = (it * 40 for it in "1234")


async def two_releases(ledger: Served) -> None:
    changes = [{"commit": SOURCE, "subject": "newest"}, {"commit": CHANGE, "subject": "older"}]
    told: dict[str, Any] = {"since": "1.3.0", "changes": changes, "changes_left_out": 0}
    first = document(version="1.4.0", source={"commit": SOURCE, "release_commit": TAGGED, **told}, gitops=gitops())
    await ledger.file(first)
    await ledger.file(document(version="1.5.0", source={"commit": OTHER, "release_commit": "5" * 40}))
    await ledger.say(event(revision="1.4.0", at=NOON))
    await ledger.say(event(revision="1.5.0", at=NOON), "production")
    await ledger.say(event("InstallFailed", "1.4.0", name="orders", namespace="else", at=NOON))


@pytest.mark.parametrize(("commit", "named_in"), [(SOURCE, "source"), (TAGGED, "release"), (CHANGE, "changes")])
async def test_a_commit_by_whatever_names_it(ledger: Served, commit: str, named_in: str) -> None:
    await two_releases(ledger)
    found = await ledger.get(f"/commits/{commit}")
    assert found["commit"] == commit
    [release] = found["items"]
    assert (release["version"], release["named_in"], release["url"]) == ("1.4.0", named_in, "/releases/orders/1.4.0")
    assert {(it["environment"], it["place"], it["version"], it["contains"]) for it in found["places"]["items"]} == {
        ("staging", "apps/orders", "1.4.0", "yes"),
        ("production", "apps/orders", "1.5.0", "unknown"),  # a later release need not contain it
    }
    listed = (await ledger.get(f"/releases?commit={commit}"))["items"]
    assert [it["chart"]["version"] for it in listed] == ["1.4.0"]
    assert (await ledger.get(f"/releases?commit={commit}&service=web"))["items"] == []


async def test_an_unknown_or_malformed_commit(ledger: Served) -> None:
    await two_releases(ledger)
    await ledger.get(f"/commits/{'9' * 40}", 404)
    assert (await ledger.get(f"/releases?commit={'9' * 40}"))["items"] == []
    for path in ("/commits/1234", f"/commits/{'G' * 40}", "/releases?commit=1234"):
        answer = await ledger.http.get(path)
        assert (answer.status_code, "40 hexadecimal" in answer.text) == (400, True)


async def test_what_was_filed_before_is_completed(ledger: Served) -> None:
    """As an older ledger leaves it, which knows neither commits nor the history."""
    await two_releases(ledger)
    before = await ledger.get("/history?kind=proposed"), await ledger.get(f"/commits/{CHANGE}")
    assert before[0]["items"]
    await ReleaseCommit.delete(force=True)
    await Release.update({Release.commits: None}, force=True)
    await Proposal.update({Proposal.told: None}, force=True)
    from service.database.tables import History

    await History.delete().where(History.kind == "proposed")
    await upgrade()
    await upgrade()
    assert (await ledger.get("/history?kind=proposed"), await ledger.get(f"/commits/{CHANGE}")) == before


async def test_places_go_on(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    await ledger.file(document(version="1.4.0", source={"commit": SOURCE}))
    for number in range(5):
        await ledger.say(event(revision="1.4.0", namespace=f"n{number}", at=NOON + timedelta(seconds=number)))
    monkeypatch.setattr("service.ledger.commits.MOST", 2)
    found, query = list[str](), ""
    while True:
        page = (await ledger.get(f"/commits/{SOURCE}{query}"))["places"]
        found += [it["place"] for it in page["items"]]
        if page["next"] is None:
            break
        query = f"?places={page['next']}"
    assert found == [f"n{number}/orders" for number in range(5)]
