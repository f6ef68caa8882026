"""The sample: half a year that could have been, filed and reported through the ledger's own verbs."""

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.builders import TOP
from tests.support.service.replica import replica
from tools.demo.processes import wait_for_line
from tools.sample.fill import fill, steps
from tools.sample.fleet import LARGE, SMALL, Fleet

pytestmark = pytest.mark.anyio
ENDS = datetime(2026, 11, 28, 11, tzinfo=UTC)


@pytest.mark.parametrize(("fleet", "releases"), [(SMALL, 100), (LARGE, 1500)], ids=["small", "large"])
def test_the_same_moment_gives_the_same_story_and_half_a_year_of_it(fleet: Fleet, releases: int) -> None:
    told = steps(fleet, ENDS)
    assert told == steps(fleet, ENDS)
    assert [it.at for it in told] == sorted(it.at for it in told)
    assert told[0].at < ENDS - timedelta(days=150)
    assert told[-1].at <= ENDS
    said = Counter(it.kind for it in told)
    assert said["filing"] > releases
    assert said["event"] > releases


@pytest.mark.long
async def test_a_filled_ledger_stands_as_the_story_ends(tmp_path: Path) -> None:
    ends = datetime.now(UTC)
    await fill(f"sqlite:///{tmp_path / 'ledger.db'}", SMALL, ends)
    with replica(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "log") as ledger:
        there = {it["environment"]: it for it in ledger.http().get("/environments").json()["items"]}
        failed = ledger.http().get("/history?kind=failed&limit=200").json()["items"]
    assert set(there) == {"staging", "production-eu", "production-us"}
    ours = {(name, it["service"]): it for name, found in there.items() for it in found["services"]}
    orders = ours["production-us", "orders"]
    assert (orders["health"], orders["attempt"]["version"]) == ("failing", "9.0.0")
    assert ours["production-eu", "payments"]["health_cause"] == "DriftDetected"
    assert ours["staging", "search"]["health"] == "progressing"
    unfiled = ours["staging", "web"]["release"]
    assert (unfiled["version"], unfiled["known"]) == ("0.0.0-dev.7f3c1", False)
    assert len({it["place"] for it in there["production-eu"]["services"] if it["service"] == "web"}) == 2
    assert {it["basis"] for it in ours.values()} == {"event"}
    assert len({(it["service"], it["version"]) for it in failed}) > 4


@pytest.mark.long
def test_it_can_be_looked_at(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.demo", "--keep", "--sample", "--folder", str(tmp_path / "demo")]
    log = tmp_path / "log"
    with log.open("wb") as output:
        demo = subprocess.Popen(command, cwd=TOP, stdout=output, stderr=output, start_new_session=True)
    try:
        url = wait_for_line(demo, log, r"The board is open at (http://127\.0\.0\.1:\d+/)", seconds=120)
        assert "orders" in httpx.get(url, trust_env=False).text
    finally:
        os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(30) == 130
