"""A range of names that no observer reads any more is silent by itself, after three rounds of its own observer."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.database.tables import Environment, Listing

from ..support.service.served import Served, document, event, gitops
from ..support.service.snapshots import deployed, see, written

pytestmark = pytest.mark.anyio
WELL, SILENT = ("healthy", "InstallSucceeded"), ("unknown", "silent")


def then(seconds: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=seconds)


async def read(ledger: Served, begins: str, ends: str, *names: str, namespace: str = "apps", rounds: Any = 100) -> None:
    """A range was read just now."""
    listed = [{"namespace": namespace, "name": it, "history": [deployed("1.4.2", then(2800))]} for it in names]
    ranges = [{"namespace": namespace, "from": begins, "until": ends}]
    whole = {"taken_at": datetime.now(UTC).isoformat(), "ranges": ranges, "helmreleases": listed}
    assert (await see(ledger, json.dumps(whole | {"round_seconds": rounds}).encode())).status_code == 201


async def pass_by(ago: int, **of: str) -> datetime:
    """So long nobody reads the ranges that are `of` a namespace or begin with a name; gives when they were read."""
    at = then(ago)
    where = [getattr(Listing, name) == value for name, value in of.items()]
    seconds = int(at.timestamp())
    await Listing.update({Listing.at: seconds, Listing.heard_at: seconds}, force=True).where(*where)
    return at


async def health(ledger: Served, at: datetime | None = None) -> dict[str, tuple[str, str | None]]:
    """Of the list, which is not cached for a second."""
    asked = f"/environments/staging?at={written(at)}" if at else "/environments"
    found = await ledger.get(asked)
    state = found if at else found["items"][0]
    assert state["silent_since"] is None
    return {it["place"]: (it["health"], it["health_cause"]) for it in state["services"]}


async def silences(ledger: Served) -> list[tuple[str, str, dict[str, str] | None]]:
    items = (await ledger.get("/history"))["items"]
    return [(it["kind"], it["when"], it["range"]) for it in items if it["kind"] in ("silent", "heard")]


async def test_a_range_whose_rounds_are_missed_is_silent_while_others_are_read(ledger: Served) -> None:
    for name in ("alpha", "omega"):
        await ledger.say(event(name=name, at=then(2800)))
    await ledger.say(event(name="alpha", namespace="unwatched", at=then(2800)))
    await read(ledger, "", "m", "alpha")
    await read(ledger, "m", "", "omega")
    await pass_by(290, begins="m")
    assert await health(ledger) == {"apps/alpha": WELL, "apps/omega": WELL, "unwatched/alpha": WELL}
    at = await pass_by(310, begins="m")
    missed = {"apps/alpha": WELL, "apps/omega": SILENT, "unwatched/alpha": WELL}
    assert await health(ledger) == missed
    assert await health(ledger, then(200)) == missed
    assert (await health(ledger, at - timedelta(seconds=1)))["apps/omega"] == WELL
    ran = {it["place"]: it["last_known_at"] for it in (await ledger.get("/environments/staging/arrivals"))["items"]}
    assert ran == {"apps/alpha": None, "apps/omega": written(at), "unwatched/alpha": None}
    places = gitops() | {"places": [{"environment": "staging", "place": "apps/omega"}]}
    await ledger.file(document("omega", gitops=places))
    waiting = await ledger.get("/releases/omega/1.4.2/wait?environment=staging")
    assert waiting["outcome"] == "unknown"
    assert waiting["cause"].startswith("nobody looked at apps/omega since ")


async def test_the_history_tells_when_a_range_fell_silent_and_was_heard_again(ledger: Served) -> None:
    for name in ("alpha", "omega"):
        await ledger.say(event(name=name, at=then(2800)))
    await read(ledger, "", "m", "alpha")
    await read(ledger, "m", "", "omega")
    at = await pass_by(600, begins="m")
    part = {"namespace": "apps", "from": "m", "until": ""}
    assert await silences(ledger) == [("silent", written(at), part)]
    [told] = (await ledger.get("/history?kind=silent&environment=staging"))["items"]
    assert told["message"] == "namespace apps, names from m"
    assert (await ledger.get("/history?service=omega&kind=silent"))["items"] == []
    await read(ledger, "m", "", "omega")
    (heard, _, again), silent = await silences(ledger)
    assert (heard, again, silent) == ("heard", part, ("silent", written(at), part))
    assert await health(ledger) == {"apps/alpha": WELL, "apps/omega": WELL}
    assert await health(ledger, then(100)) == {"apps/alpha": WELL, "apps/omega": SILENT}
    assert "namespace apps, names from m" in (await ledger.http.get("/board/history")).text
    assert "namespace apps, names from m" in (await ledger.http.get("/history.atom")).text
    await read(ledger, "m", "", "omega")
    assert len(await silences(ledger)) == 2


async def test_what_begins_elsewhere_now_was_silent_where_it_was_not_read(ledger: Served) -> None:
    """As a large namespace changes, its parts begin with other names; of the last part nobody told any more."""
    await read(ledger, "", "m", "alpha")
    await read(ledger, "m", "", "omega")
    at = await pass_by(600, namespace="apps")
    await read(ledger, "", "p", "alpha", "omega")
    names = [{"namespace": "apps", "from": "", "until": "p"}, {"namespace": "apps", "from": "p", "until": ""}]
    told = await silences(ledger)
    assert [(kind, part) for kind, _, part in told] == [
        ("heard", names[0]),
        ("silent", names[1]),
        ("silent", names[0]),
    ] or [(kind, part) for kind, _, part in told] == [("heard", names[0]), ("silent", names[0]), ("silent", names[1])]
    assert {when for kind, when, _ in told if kind == "silent"} == {written(at)}


async def test_the_silence_of_a_whole_environment_is_told_once(ledger: Served) -> None:
    """Its observer reads one range after the other when it comes back."""
    for begins, ends, name in (("", "m", "alpha"), ("m", "", "omega")):
        await read(ledger, begins, ends, name)
    at = await pass_by(700)
    await Environment.update({Environment.observed_at: then(600)}, force=True)
    for begins, ends, name in (("", "m", "alpha"), ("m", "", "omega")):
        await read(ledger, begins, ends, name)
    assert [(kind, part) for kind, _, part in await silences(ledger)] == [("heard", None), ("silent", None)]
    assert (await ledger.get(f"/environments/staging?at={written(at)}"))["silent_since"] is None


@pytest.mark.parametrize("regular", [3600, None])
async def test_two_observers_of_an_environment_are_each_judged_by_their_own_rounds(
    ledger: Served, regular: int | None
) -> None:
    """One looks every minute or so, the other every hour, or when somebody runs it; whichever came last."""
    for namespace in ("apps", "base"):
        await ledger.say(event(name="orders", namespace=namespace, at=then(2800)))
    await read(ledger, "", "", "orders", namespace="base", rounds=regular)
    await read(ledger, "", "", "orders", rounds=100)
    await pass_by(2000, namespace="base")
    assert await health(ledger) == {"apps/orders": WELL, "base/orders": WELL}
    at = await pass_by(400, namespace="apps")
    assert await health(ledger) == {"apps/orders": SILENT, "base/orders": WELL}
    await Environment.update({Environment.observed_at: at}, force=True)
    if regular:
        assert await health(ledger) == {"apps/orders": SILENT, "base/orders": WELL}
        await read(ledger, "", "", "orders", namespace="base", rounds=regular)
        assert await health(ledger) == {"apps/orders": SILENT, "base/orders": WELL}


async def test_of_two_clusters_one_may_be_silent(ledger: Served) -> None:
    """Each has a service that the other has not; both have a namespace of that name."""

    async def look(cluster: str, *names: str) -> None:
        listed = [{"namespace": "apps", "name": it, "history": [deployed("1.4.2", then(2800))]} for it in names]
        whole = {"taken_at": datetime.now(UTC).isoformat(), "ranges": [{"namespace": "apps"}], "helmreleases": listed}
        body = json.dumps(whole | {"round_seconds": 100, "cluster": cluster}).encode()
        assert (await see(ledger, body)).status_code == 201

    await look("eu", "alpha")
    await look("us", "omega")
    well = ("healthy", "deployed")
    assert await health(ledger) == {"apps/alpha": well, "apps/omega": well}
    at = await pass_by(400, cluster="us")
    missed = {"apps/alpha": well, "apps/omega": SILENT}
    assert await health(ledger) == missed
    assert await health(ledger, then(100)) == missed
    ran = {it["place"]: it["last_known_at"] for it in (await ledger.get("/environments/staging/arrivals"))["items"]}
    assert ran == {"apps/alpha": None, "apps/omega": written(at)}
    [told] = (await ledger.get("/history?kind=silent"))["items"]
    assert told["message"] == "namespace apps of cluster us"
    await look("eu", "alpha")
    assert await health(ledger) == missed
    await look("us")
    assert [it["kind"] for it in (await ledger.get("/history"))["items"]][:3] == ["unmanaged", "heard", "silent"]
    assert (await health(ledger))["apps/alpha"] == well


async def test_a_cluster_that_is_named_otherwise_is_the_same(ledger: Served) -> None:
    """As when its authority is renewed: what it still has tells that it is that one."""

    async def look(cluster: str, *names: str) -> None:
        listed = [{"namespace": "apps", "name": it, "uid": it, "resourceVersion": "7"} for it in names]
        listed = [it | {"history": [deployed("1.4.2", then(2800))]} for it in listed]
        whole = {"taken_at": datetime.now(UTC).isoformat(), "ranges": [{"namespace": "apps"}], "helmreleases": listed}
        body = json.dumps(whole | {"round_seconds": 100, "cluster": cluster}).encode()
        assert (await see(ledger, body)).status_code == 201

    await look("us", "beta")
    await look("eu", "alpha", "omega")
    await look("eu-2", "alpha")
    assert (await ledger.get("/environments"))["items"][0]["services"][0]["place"] == "apps/alpha"
    gone = [it["place"] for it in (await ledger.get("/environments/staging"))["services"] if it["unmanaged"]]
    assert gone == ["apps/omega"]
    assert {it["cluster"] for it in await Listing.select(Listing.cluster)} == {"us", "eu-2"}
    well = ("healthy", "deployed")
    await pass_by(400, cluster="us")
    assert {**await health(ledger)} | {"apps/omega": None} == {
        "apps/alpha": well,
        "apps/beta": SILENT,
        "apps/omega": None,
    }
    await pass_by(500, cluster="eu-2")
    assert (await health(ledger))["apps/alpha"] == SILENT


async def test_the_lists_of_an_observer_that_did_not_name_its_cluster_are_its_own(ledger: Served) -> None:
    await read(ledger, "", "", "alpha")
    ranges = [{"namespace": "apps", "from": "", "until": "m"}, {"namespace": "apps", "from": "m", "until": ""}]
    listed = [{"namespace": "apps", "name": "alpha", "history": []}]
    whole = {"taken_at": datetime.now(UTC).isoformat(), "ranges": ranges, "helmreleases": listed, "cluster": "eu"}
    assert (await see(ledger, json.dumps(whole | {"round_seconds": 100}).encode())).status_code == 201
    assert {it["cluster"] for it in await Listing.select(Listing.cluster)} == {"eu"}


async def test_an_observer_whose_clock_is_behind_is_heard_all_the_same(ledger: Served) -> None:
    """Two of them look at one namespace: what the one sees that is behind is older, and counts as heard."""
    await read(ledger, "", "", "orders")
    await pass_by(600, namespace="apps")
    listed = [{"namespace": "apps", "name": "orders", "history": [deployed("1.4.2", then(2800))]}]
    ranges = [{"namespace": "apps"}]
    whole = {"taken_at": written(then(7200)), "round_seconds": 100, "ranges": ranges, "helmreleases": listed}
    assert (await see(ledger, json.dumps(whole).encode())).status_code == 201
    assert await health(ledger) == {"apps/orders": ("healthy", "deployed")}
