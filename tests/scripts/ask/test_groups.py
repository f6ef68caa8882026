"""A group of the ledger's ENVIRONMENTS can be asked for by its name, from any folder."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support import forked
from tests.support.builders import Ran
from tests.support.running_ledger import RunningLedger, serving
from tests.support.service.served import document, gitops

NAMES = ("staging", "production-eu", "production-us")
GROUPS = "staging, production = production-eu + production-us"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLedger]:
    folder = tmp_path_factory.mktemp("ledger")
    with serving(folder, "orders", list(NAMES), ENVIRONMENTS=GROUPS) as it:
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            places = [{"environment": name, "place": "apps/orders"} for name in NAMES]
            whole = document("orders", version, gitops={**gitops(version[2]), "places": places})
            headers = {"Authorization": f"Bearer {it.token}"}
            assert httpx.post(f"{it.url}/releases", json=whole, headers=headers).status_code == 201
        before = datetime.now(UTC) - timedelta(minutes=1)  # figures end with the last whole second
        it.hears("staging", "1.2.0", resource_version=1, at=before)
        it.hears("production-eu", "1.1.0", resource_version=1, at=before)
        it.hears("production-us", "1.0.0", resource_version=1, at=before)
        yield it


def ask(ledger: RunningLedger, folder: Path, *args: str) -> Ran:
    env = {"PATH": os.environ["PATH"], "WAYBILL_LEDGER": ledger.url}
    return Ran(*forked.run("scripts", args, folder, env))


def rows(text: str) -> list[list[str]]:
    return [re.split(r"  +", line.strip()) for line in text.splitlines()]


def test_status_and_history_are_of_its_environments(ledger: RunningLedger, tmp_path: Path) -> None:
    status = ask(ledger, tmp_path, "status", "orders", "-e", "production").stdout
    assert {row[2] for row in rows(status) if row[0] == "healthy"} == {"production-eu", "production-us"}
    arrived = ask(ledger, tmp_path, "history", "-e", "production", "--kind", "arrived")
    assert sorted(row[1:4] for row in rows(arrived.stdout)) == [
        ["production-eu", "orders", "1.1.0"],
        ["production-us", "orders", "1.0.0"],
    ]
    whole = [row for row in rows(ask(ledger, tmp_path, "history").stdout) if row[1] != "staging"]
    found = rows(ask(ledger, tmp_path, "history", "-e", "production").stdout)
    assert sorted(found) == sorted(whole)
    assert len(found) == 8


def test_compare_shows_what_each_of_them_runs_and_how_far_the_last_is(ledger: RunningLedger, tmp_path: Path) -> None:
    found = rows(ask(ledger, tmp_path, "compare", "staging", "production").stdout)
    assert found[0][:4] == ["SERVICE", "STAGING", "PRODUCTION", "BEHIND"]
    assert found[1][:4] == ["orders", "1.2.0", "1.1.0 eu, 1.0.0 us", "2"]
    assert found[2] == ["0 run the same. Changes: waybill changes orders 1.0.0..1.2.0"]
    back = rows(ask(ledger, tmp_path, "compare", "production", "staging").stdout)
    assert back[1][:4] == ["orders", "1.1.0 eu, 1.0.0 us", "1.2.0", "-1"]


def test_two_times_of_it_are_compared_environment_by_environment(ledger: RunningLedger, tmp_path: Path) -> None:
    found = ask(ledger, tmp_path, "compare", "production", "production")
    assert found.stdout == "1 runs the same.\n"
    pairs = ask(ledger, tmp_path, "compare", "production", "production", "--json").json["comparisons"]
    assert [(it["with"]["environment"], it["here"]["environment"]) for it in pairs] == [
        ("production-eu", "production-eu"),
        ("production-us", "production-us"),
    ]


def test_compare_tells_programs_each_pair(ledger: RunningLedger, tmp_path: Path) -> None:
    found = ask(ledger, tmp_path, "compare", "staging", "production", "--json").json["comparisons"]
    pairs = [(it["with"]["environment"], it["here"]["environment"], it["items"][0]["behind"]) for it in found]
    assert pairs == [("staging", "production-eu", 1), ("staging", "production-us", 2)]


@pytest.mark.long
def test_wait_is_for_all_of_them(ledger: RunningLedger, tmp_path: Path) -> None:
    done = ask(ledger, tmp_path, "wait", "orders", "1.1.0", "-e", "production", "--timeout", "1s")
    assert [line.partition(" after")[0] for line in done.stdout.splitlines()] == [
        "healthy in production-eu",
        "timed out in production-us",
    ]


def test_drift_is_told_in_words_and_a_time_to_come_is_refused(ledger: RunningLedger, tmp_path: Path) -> None:
    ledger.hears("production-eu", "1.1.0", "DriftDetected", resource_version=2)
    told = ask(ledger, tmp_path, "status", "orders", "-e", "production-eu").stdout
    assert "the cluster differs from it" in told
    assert "DriftDetected" not in told
    refused = ask(ledger, tmp_path, "status", "--at", "2999-01-01")
    assert (refused.code, refused.stdout) == (2, "")
    assert refused.stderr == (
        "refused (your input): 2999-01-01 has not happened yet.\n"
        "  what to do: Give `at` a moment that has passed, or leave it out.\n"
    )
    wrong = ask(ledger, tmp_path, "status", "--at", "soon")
    assert wrong.stderr.startswith("refused (your input): at: it must be a date or a time, as 2026-01-02, ")


def test_figures_of_a_group_count_what_happened_in_each_of_its_environments(
    ledger: RunningLedger, tmp_path: Path
) -> None:
    numbers = {
        name: ask(ledger, tmp_path, "figures", "-e", name, "--json").json["figures"]["deployments"]["n"]
        for name in ("production", "production-eu", "production-us")
    }
    assert numbers["production"] == numbers["production-eu"] + numbers["production-us"] > 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("history", "-e", "nowhere"), "Nothing of an environment nowhere ever reached the ledger."),
        (("history", "nobody"), "Nothing is known of a service nobody."),
        (("compare", "staging", "nowhere"), "Nothing of an environment nowhere ever reached the ledger."),
    ],
)
def test_a_name_that_is_none_is_refused(
    ledger: RunningLedger, tmp_path: Path, args: tuple[str, ...], said: str
) -> None:
    refused = ask(ledger, tmp_path, *args)
    assert (refused.code, refused.stdout) == (2, "")
    assert said in refused.stderr
