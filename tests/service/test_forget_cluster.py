"""A cluster that is no more can be forgotten: what it reported last is told as gone, and its silence no more."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.database.tables import Environment, Listing
from service.ledger.events.forget_cluster import UnknownCluster, forget_cluster
from service.ledger.events.rebuild import rebuild

from ..support.service.replica import command
from ..support.service.served import Served, served
from ..support.service.snapshots import deployed, see, written

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC).replace(microsecond=0)
BEFORE = NOW - timedelta(seconds=500)


async def look(ledger: Served, cluster: str, *names: str, at: datetime = BEFORE, of: str = "") -> None:
    """`of`: the name that the cluster had when its objects were made; "": this one."""
    listed = [
        {"namespace": "apps", "name": it, "uid": f"{of or cluster}-{it}", "resourceVersion": "7", "generation": 1}
        | {"observedGeneration": 1, "history": [deployed("1.4.2", at - timedelta(hours=1))]}
        | {"conditions": [{"type": "Ready", "status": "True", "reason": "InstallSucceeded"}]}
        for it in names
    ]
    whole = {"taken_at": written(at), "ranges": [{"namespace": "apps", "from": "", "until": ""}], "round_seconds": 100}
    body = json.dumps(whole | {"cluster": cluster, "helmreleases": listed}).encode()
    assert (await see(ledger, body)).status_code == 201


async def fall_silent(cluster: str) -> None:
    seconds = int(BEFORE.timestamp())
    of_it = Listing.cluster == cluster
    await Listing.update({Listing.at: seconds, Listing.heard_at: seconds}, force=True).where(of_it)


async def standing(ledger: Served) -> dict[str, tuple[str, str | None]]:
    [found] = (await ledger.get("/environments"))["items"]
    return {it["place"].partition("/")[2]: (it["health"], it["health_cause"]) for it in found["services"]}


async def history(ledger: Served) -> list[tuple[str, str | None, str, str]]:
    items = (await ledger.get("/history?limit=100"))["items"]
    return [(it["kind"], it["place"], it["message"], it["source"]) for it in items]


async def test_what_it_reported_is_gone_and_its_silence_told_no_more(ledger: Served) -> None:
    await look(ledger, "eu", "orders", "web")
    await look(ledger, "us", "shop")
    await fall_silent("eu")
    well, silent, gone = ("healthy", "InstallSucceeded"), ("unknown", "silent"), ("unknown", "absent")
    assert await standing(ledger) == {"orders": silent, "web": silent, "shop": well}
    [heard] = (await ledger.get("/environments"))["items"]
    assert await forget_cluster("staging", "eu", NOW) == 2
    told = await history(ledger)
    assert sorted(told[:3], key=str) == [
        ("forgotten", None, "cluster eu", "operator"),
        ("unmanaged", "apps/orders", "", "snapshot"),
        ("unmanaged", "apps/web", "", "snapshot"),
    ]
    assert ("silent", None, "namespace apps of cluster eu", "silence") in told
    assert await standing(ledger) == {"orders": gone, "web": gone, "shop": well}
    [after] = (await ledger.get("/environments"))["items"]
    assert after["last_confirmed_at"] == heard["last_confirmed_at"], "nothing was heard"
    then = await ledger.get(f"/environments/staging?at={written(BEFORE)}")
    assert {it["release"]["version"] for it in then["services"]} == {"1.4.2"}
    assert "an operator let the ledger forget cluster eu" in (await ledger.http.get("/board/history")).text
    assert "cluster eu" in (await ledger.http.get("/history.atom")).text
    assert await forget_cluster("staging", "eu", NOW + timedelta(seconds=9)) is None
    assert await history(ledger) == told
    await rebuild()
    assert (await history(ledger), await standing(ledger)) == (told, {"orders": gone, "web": gone, "shop": well})


async def test_one_that_reports_again_is_forgotten_no_more(ledger: Served) -> None:
    await look(ledger, "eu", "orders")
    assert await forget_cluster("staging", "eu", NOW - timedelta(seconds=60)) == 1
    await look(ledger, "eu", "orders", at=NOW - timedelta(seconds=1))
    assert (await standing(ledger))["orders"] == ("healthy", "InstallSucceeded")
    assert await forget_cluster("staging", "eu", NOW) == 1


async def test_what_goes_on_under_another_name_stays(ledger: Served) -> None:
    await look(ledger, "eu", "orders", "web")
    await look(ledger, "europe", "orders", "web", at=NOW - timedelta(seconds=9), of="eu")
    before = await standing(ledger)
    with pytest.raises(UnknownCluster) as refused:
        await forget_cluster("staging", "eu", NOW)
    assert refused.value.known == ["eu", "europe"]
    assert await standing(ledger) == before


async def test_an_environment_whose_last_cluster_is_forgotten_waits_for_nobody(ledger: Served) -> None:
    await look(ledger, "eu", "orders")
    await fall_silent("eu")
    await Environment.update({Environment.observed_at: BEFORE, Environment.confirmed_at: BEFORE}, force=True)
    assert (await ledger.get("/environments"))["items"][0]["silent_since"] == written(BEFORE)
    await forget_cluster("staging", "eu", NOW)
    assert (await ledger.get("/environments"))["items"][0]["silent_since"] is None
    assert ("silent", None, "", "silence") in await history(ledger)


async def test_the_command_says_what_it_did(database_url: str) -> None:
    async with served(database_url) as ledger:
        await look(ledger, "eu", "orders")
    for environment, cluster, code, said in (
        ("staging", "mars", 1, "staging has no cluster mars; it has eu. Nothing was changed."),
        ("nowhere", "eu", 1, "nowhere has no cluster eu. Nothing was changed."),
        ("staging", "eu", 0, "cluster eu of staging is forgotten, with 1 place"),
        ("staging", "eu", 0, "cluster eu of staging was forgotten before"),
    ):
        ran = command(database_url, "forget-cluster", environment, cluster)
        assert (ran.code, said in ran.stderr) == (code, True), ran.stderr
    async with served(database_url) as ledger:
        found: Any = await ledger.get("/history?kind=forgotten")
        assert len(found["items"]) == 1
