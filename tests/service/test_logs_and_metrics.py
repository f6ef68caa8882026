"""What a ledger tells whoever runs it: log lines that belong to answers, and metrics."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.database.tables import Environment

from ..support.service.replica import command, replica
from ..support.service.served import Served, document, event, served, signature
from ..support.service.snapshots import deployed, see, snapshot

pytestmark = pytest.mark.anyio


def test_an_answer_its_log_line_and_its_problem_have_one_id(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    assert command(url, "migrate").code == 0
    token = command(url, "token", "create", "--scope", "releases:write", "--name", "ada").stdout.strip()
    with replica(url, tmp_path / "log") as ledger, ledger.http() as http:
        answers = [
            http.get("/releases?limit=1"),
            http.get("/releases?limit=0"),
            http.get("/no/such/address"),
            http.post("/releases", json=document()),
            http.post("/hooks/flux/staging", content=b"{}"),
            http.post("/releases", json={}, headers={"Authorization": f"Bearer {token}"}),
        ]
        assert http.get("/healthz").status_code == 200
    assert [it.status_code for it in answers] == [200, 400, 404, 401, 401, 400]
    ids = [it.headers["x-request-id"] for it in answers]
    assert len(set(ids)) == len(ids)
    assert [it.json()["request_id"] for it in answers[1:]] == ids[1:]
    lines = [it for it in ledger.logged() if it["logger"] == "waybill.requests"]  # health checks are not logged
    assert [it["request_id"] for it in lines] == ids
    assert [(it["method"], it["path"], it["status"]) for it in lines] == [
        (it.request.method, it.request.url.path, it.status_code) for it in answers
    ]
    assert [it.get("token") for it in lines] == [None] * 5 + ["ada"]
    assert all(it["ms"] > 0 and datetime.fromisoformat(it["time"]).tzinfo for it in lines)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("3b241101-e2bb-4255-8caf-4136c566a962", True),
        ("build_7.1", True),
        ("short", False),
        ("a" * 65, False),
        ('forged", "status": 200', False),
        ("two words of it", False),
    ],
)
async def test_a_clients_own_id_is_kept_where_it_can_be(ledger: Served, given: str, kept: bool) -> None:
    answer = await ledger.http.get("/services/nothing", headers={"X-Request-Id": given})
    assert (answer.headers["x-request-id"] == given) is kept
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def metrics(ledger: Served) -> dict[str, float]:
    """`name{label="value",...}` -> value, of our own, requests and their times left out."""
    text = (await ledger.http.get("/metrics")).text
    return {
        f"{it.name.removeprefix('waybill_')} {' '.join(it.labels.values())}".strip(): it.value
        for family in text_string_to_metric_families(text)
        if family.name.startswith("waybill_") and family.type == "counter"
        for it in family.samples
        if it.name.endswith("_total")
    }


@pytest.mark.long
async def test_what_happens_is_counted_by_its_name(ledger: Served) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    before = await metrics(ledger)

    async def counted(happens: Any) -> dict[str, float]:
        """What it adds, whatever else this process counted before."""
        nonlocal before
        await happens
        after = await metrics(ledger)
        grown = {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}
        before = after
        return grown

    first = event("InstallSucceeded", "1.0.0", at=now - timedelta(minutes=2))
    later = event("UpgradeSucceeded", "1.2.0", at=now)
    between = event("UpgradeSucceeded", "1.1.0", at=now - timedelta(minutes=1))
    failed = event("UpgradeFailed", "1.3.0", at=now + timedelta(seconds=1))
    taken, arrived = {"events_total staging event taken": 1}, {"arrivals_total staging": 1}
    assert await counted(ledger.file(document())) == {"releases_total filed": 1}
    assert await counted(ledger.file(document())) == {"releases_total repeated": 1}
    assert await counted(ledger.file(document(source={"commit": "0" * 40}))) == {"releases_total conflict": 1}
    assert await counted(ledger.say(first)) == taken | arrived
    assert await counted(ledger.say(first)) == {"events_total staging event repeated": 1}
    assert await counted(ledger.say(later)) == taken | arrived
    assert await counted(ledger.say(between)) == taken | arrived  # what follows it is derived anew, not counted anew
    assert await counted(ledger.say(failed)) == taken
    assert await counted(ledger.say(first, "production")) == {
        "events_total production event taken": 1,
        "arrivals_total production": 1,
    }
    unsigned = ledger.http.post("/hooks/flux/nowhere", content=b"{}", headers={"X-Signature": signature(b"{}", "x")})
    assert await counted(unsigned) == {"events_refused_total": 1}
    seen = {"events_total staging snapshot taken": 1}
    assert await counted(see(ledger, snapshot(deployed("1.2.0", now), taken=now))) == seen
    soon = now + timedelta(seconds=9)
    assert await counted(see(ledger, snapshot(deployed("2.0.0", soon), taken=soon))) == seen | arrived


async def test_requests_are_counted_by_route_and_status_and_no_address_makes_a_series(ledger: Served) -> None:
    await ledger.say(event())
    for path in ("/environments/staging", "/environments/elsewhere", "/no/such/1", "/no/such/2"):
        await ledger.http.get(path)
    text = (await ledger.http.get("/metrics")).text
    assert 'waybill_request_seconds_count{method="GET",route="/environments/{environment}",status="200"}' in text
    assert 'waybill_request_seconds_count{method="GET",route="/environments/{environment}",status="404"}' in text
    assert 'waybill_request_seconds_count{method="none",route="none",status="404"}' in text
    assert not {"such", "elsewhere"} & set(text.replace("/", " ").replace('"', " ").split())


async def test_how_the_environments_are_is_a_metric_of_each(database_url: str) -> None:
    async with served(database_url) as ledger:
        now = datetime.now(UTC) - timedelta(minutes=1)
        await ledger.say(event(at=now))
        await ledger.say(event("InstallFailed", at=now, name="web"))
        await ledger.say(event(at=now, name="shop"), "production")
        text = (await ledger.http.get("/metrics")).text
        assert "waybill_state_known 1.0" in text
        assert 'waybill_places{environment="staging",health="healthy"} 1.0' in text
        assert 'waybill_places{environment="staging",health="failing"} 1.0' in text
        assert 'waybill_places{environment="staging",health="unknown"} 0.0' in text
        [line] = [it for it in text.splitlines() if it.startswith("waybill_place_failing{")]
        labels, _, since = line.partition(" ")
        assert labels == 'waybill_place_failing{environment="staging",place="apps/web"}'
        assert abs(float(since) - now.timestamp()) < 2
        assert 'waybill_environment_silent{environment="staging"} 0.0' in text


async def test_a_silent_environment_and_a_database_that_does_not_answer_in_time_are_metrics_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(f"sqlite:///{tmp_path / 'ledger.db'}", SILENT_AFTER="1") as ledger:
        await ledger.say(event(at=datetime.now(UTC) - timedelta(minutes=1)))
        before = datetime.now(UTC) - timedelta(hours=1)
        await Environment.update({Environment.confirmed_at: before}, force=True)
        text = (await ledger.http.get("/metrics")).text
        assert 'waybill_environment_silent{environment="staging"} 1.0' in text
        assert 'waybill_places{environment="staging",health="unknown"} 1.0' in text
        monkeypatch.setattr("service.ledger.environments.gauges.SECONDS", 0.01)
        monkeypatch.setattr("service.ledger.environments.gauges.states", lambda *_, **__: asyncio.Event().wait())
        text = (await ledger.http.get("/metrics")).text
        assert "waybill_state_known 0.0" in text
        assert "waybill_request_seconds_count" in text
        assert "waybill_places{" not in text
