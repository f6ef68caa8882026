"""What whoever runs a ledger relies on: log lines that belong to answers, counts, and a stop that ends well."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ..support.service.replica import Replica, command, replica
from ..support.service.served import KEYS, Served, document, event, signature
from ..support.service.writers import Writers
from .test_snapshots import deployed, see, snapshot

pytestmark = pytest.mark.anyio
STOP_SECONDS = 10  # what chart/ leaves between SIGTERM and SIGKILL is more


def logged(ledger: Replica) -> list[dict[str, Any]]:
    """Every line; each must be a JSON object."""
    return [json.loads(line) for line in ledger.log.read_text().splitlines()]


@pytest.fixture
def running(database_url: str, tmp_path: Path) -> Iterator[Replica]:
    with replica(database_url, tmp_path / "log") as it:
        yield it


def test_an_answer_its_log_line_and_its_problem_have_one_id(tmp_path: Path) -> None:
    with replica(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "log") as ledger, ledger.http() as http:
        answers = [
            http.get("/releases?limit=1"),
            http.get("/releases?limit=0"),
            http.get("/no/such/address"),
            http.post("/releases", json=document()),
            http.post("/hooks/flux/staging", content=b"{}"),
        ]
        assert http.get("/healthz").status_code == 200
    assert [it.status_code for it in answers] == [200, 400, 404, 401, 401]
    ids = [it.headers["x-request-id"] for it in answers]
    assert len(set(ids)) == len(ids)
    assert [it.json()["request_id"] for it in answers[1:]] == ids[1:]
    lines = [it for it in logged(ledger) if it["logger"] == "waybill.requests"]  # health checks are not told
    assert [it["request_id"] for it in lines] == ids
    assert [(it["method"], it["path"], it["status"]) for it in lines] == [
        (it.request.method, it.request.url.path, it.status_code) for it in answers
    ]
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


async def test_what_happens_is_counted_by_its_name(ledger: Served) -> None:
    now = datetime.now(UTC)
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
    assert await counted(see(ledger, snapshot(deployed("1.2.0", now)))) == seen
    assert await counted(see(ledger, snapshot(deployed("2.0.0", now + timedelta(seconds=9))))) == seen | arrived


async def test_requests_are_counted_by_route_and_status_and_no_address_makes_a_series(ledger: Served) -> None:
    await ledger.say(event())
    for path in ("/environments/staging", "/environments/elsewhere", "/no/such/1", "/no/such/2"):
        await ledger.http.get(path)
    text = (await ledger.http.get("/metrics")).text
    assert 'waybill_request_seconds_count{method="GET",route="/environments/{environment}",status="200"}' in text
    assert 'waybill_request_seconds_count{method="GET",route="/environments/{environment}",status="404"}' in text
    assert 'waybill_request_seconds_count{method="none",route="none",status="404"}' in text
    assert not {"such", "elsewhere"} & set(text.replace("/", " ").replace('"', " ").split())


async def begun(url: str, body: bytes, headers: dict[str, str]) -> Callable[[], Any]:
    """A POST that the ledger has accepted, for it asked for the body; what this gives sends it and reads the answer."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = ["POST /hooks/flux/staging HTTP/1.1", "Host: ledger", f"Content-Length: {len(body)}", *lines]
    writer.write("\r\n".join([*head, "Expect: 100-continue", "", ""]).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")

    async def finish() -> bytes:
        writer.write(body)
        answer = await reader.read()  # until the ledger closes the connection
        writer.close()
        return answer

    return finish


async def test_a_stop_finishes_what_was_accepted_and_takes_nothing_more(running: Replica) -> None:
    bodies = [json.dumps(event(resource_version=number)).encode() for number in range(16)]
    accepted = [await begun(running.url, body, {"X-Signature": signature(body, KEYS["staging"][0])}) for body in bodies]
    running.process.terminate()
    host, port = running.url.removeprefix("http://").split(":")
    async with asyncio.timeout(STOP_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except ConnectionError:  # refused, or dropped before it was accepted
                break
            writer.close()
    answers = await asyncio.gather(*(finish() for finish in accepted))
    assert [it.partition(b"\r\n")[0] for it in answers] == [b"HTTP/1.1 201 Created"] * len(bodies)
    assert await asyncio.to_thread(running.process.wait, STOP_SECONDS) == 0
    assert "error" not in {it["level"] for it in logged(running)}


async def test_a_stop_under_load_leaves_no_request_without_its_answer(running: Replica, database_url: str) -> None:
    token = command(database_url, "token", "create", "--scope", "releases:write").stdout.strip()
    writers = Writers([running.url], token)
    with pytest.raises(TimeoutError):  # noqa: PT012 - nobody is left to write to
        async with writers.writing(seconds=1):
            await writers.until(50)
            running.process.terminate()
            assert await asyncio.to_thread(running.process.wait, STOP_SECONDS) == 0
    done = [it for it in logged(running) if it["logger"] == "waybill.requests"]
    assert len(done) == len(writers.acknowledged)
    assert {it["status"] for it in done} <= {200, 201}


async def test_one_that_drains_is_not_ready_and_answers_on(database_url: str, tmp_path: Path) -> None:
    """Until it is told again."""
    with replica(database_url, tmp_path / "log", DRAIN_SECONDS="600") as it, it.http() as http:
        assert http.get("/readyz").status_code == 200
        it.process.terminate()
        async with asyncio.timeout(STOP_SECONDS):
            while (await asyncio.to_thread(http.get, "/readyz")).status_code == 200:
                pass
            while (await asyncio.to_thread(http.get, "/releases")).headers.get("connection") != "close":
                pass
        assert http.get("/releases").status_code == 200
        assert http.get("/readyz").json()["detail"] == "This ledger is about to stop."
        it.process.terminate()
        assert it.process.wait(STOP_SECONDS) == 0
    assert "error" not in {line["level"] for line in logged(it)}


def test_what_drained_long_enough_stops(tmp_path: Path) -> None:
    with replica(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "log", DRAIN_SECONDS="1") as it:
        it.process.terminate()
        assert it.process.wait(STOP_SECONDS) == 0
