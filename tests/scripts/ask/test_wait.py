"""`waybill wait` ends when the release has arrived or cannot any more, and says which by its exit code."""

import json
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support import forked
from tests.support.builders import Ran
from tests.support.running_ledger import RunningLedger, serving
from tests.support.service.served import document, gitops, signature

CLOCK = re.compile(r"^\d\d:\d\d:\d\d  ", re.MULTILINE)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    with serving(tmp_path / "ledger", "orders", ["staging", "production-eu", "production-us"]) as it:
        yield it


def propose(ledger: RunningLedger, version: str, *environments: str, **more: str) -> None:
    places = [{"environment": it, "place": "apps/orders"} for it in environments]
    commit = version.replace(".", "")[0]
    whole = document("orders", version, gitops={**gitops(commit), "places": places, **more})
    headers = {"Authorization": f"Bearer {ledger.token}"}
    assert httpx.post(f"{ledger.url}/releases", json=whole, headers=headers).status_code == 201


def env_of(ledger: RunningLedger | str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "WAYBILL_LEDGER": ledger if isinstance(ledger, str) else ledger.url}


def wait(ledger: RunningLedger | str, folder: Path, *args: str) -> Ran:
    return Ran(*forked.run("scripts", ("wait", *args), folder, env_of(ledger)))


def waits(ledger: RunningLedger, folder: Path, *args: str) -> tuple[forked.Process, Callable[[], str]]:
    """`waybill wait ARGS`, which may go on, and what it told on stderr so far."""
    err = folder / "err"
    waiting = forked.start("scripts", ["wait", *args], folder, env_of(ledger), folder / "out", err)
    return waiting, lambda: err.read_text() if err.exists() else ""


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.long
def test_it_ends_when_the_release_is_healthy_and_tells_what_happened_meanwhile(
    ledger: RunningLedger, tmp_path: Path
) -> None:
    propose(ledger, "1.0.0", "staging")
    waiting, told = waits(ledger, tmp_path, "orders", "1.0.0", "-e", "staging")
    until(lambda: "nothing of it was reported yet" in told())
    ledger.hears("staging", "1.0.0")
    assert waiting.wait(30) == 0
    assert CLOCK.sub("", told()).splitlines() == [
        "staging  apps/orders: nothing of it was reported yet",
        "staging  1.0.0 is healthy in apps/orders",
    ]
    assert re.fullmatch(r"healthy in staging after \d+ (s|min)\n", (tmp_path / "out").read_text())


def test_a_group_is_its_environments_and_the_worst_of_them_counts(ledger: RunningLedger, tmp_path: Path) -> None:
    (tmp_path / "waybill.toml").write_text('environments = ["staging", "production = production-eu + production-us"]\n')
    propose(ledger, "1.0.0", "production-eu", "production-us")
    for environment in ("production-eu", "production-us"):
        ledger.hears(environment, "1.0.0")
    done = wait(ledger, tmp_path, "orders", "1.0.0", "-e", "production")
    assert (done.code, done.stdout.partition(" after")[0]) == (0, "healthy in all 2 environments")
    propose(ledger, "2.0.0", "production-eu", "production-us")
    ledger.hears("production-eu", "2.0.0", "UpgradeSucceeded", resource_version=5)
    ledger.hears("production-us", "2.0.0", "UpgradeFailed", resource_version=5, message="timed out")
    failed = wait(ledger, tmp_path, "orders", "2.0.0", "-e", "production", "--fail-fast")
    assert failed.code == 1
    eu, us = failed.stdout.splitlines()
    assert eu == "healthy in production-eu"
    assert us.startswith("failed in production-us: apps/orders: try 1 failed (timed out)")


@pytest.mark.long
@pytest.mark.parametrize("environments", [["staging"], ["production-eu", "staging", "production-us"]])
def test_the_first_failure_ends_it_in_five_seconds_with_fail_fast(
    ledger: RunningLedger, tmp_path: Path, environments: list[str]
) -> None:
    propose(ledger, "2.0.0", *environments)
    waiting, told = waits(ledger, tmp_path, "orders", "2.0.0", *(f"-e{it}" for it in environments), "--fail-fast")
    until(lambda: told().count("nothing of it was reported yet") == len(environments))
    ledger.hears("staging", "2.0.0", "InstallFailed", message="timed out")
    failed = time.monotonic()
    assert waiting.wait(30) == 1
    assert time.monotonic() - failed < 5
    assert told().count("staging  apps/orders: try 1 failed (timed out)") == 1
    words = [line.partition(" in ")[0] for line in (tmp_path / "out").read_text().splitlines()]
    assert words == ["failed" if it == "staging" else "waiting" for it in environments]


@pytest.mark.long
def test_each_failure_is_told_and_the_last_ends_it_in_five_seconds(ledger: RunningLedger, tmp_path: Path) -> None:
    propose(ledger, "2.0.0", "staging")
    waiting, told = waits(ledger, tmp_path, "orders", "2.0.0", "-e", "staging")
    until(lambda: "nothing of it was reported yet" in told())
    for number in (1, 2):
        more = {"metadata": {"revision": "2.0.0", "tries": "install=2,upgrade=2"}, "message": "timed out"}
        ledger.hears("staging", "2.0.0", "InstallFailed", resource_version=number, **more)
        failed = time.monotonic()
        if number == 1:
            until(lambda: "try 1 of 2 failed (timed out), Flux may try again" in told())
            assert time.monotonic() - failed < 5
    assert waiting.wait(30) == 1
    assert time.monotonic() - failed < 5


@pytest.mark.long
def test_what_the_ledger_does_not_know_is_said_at_once(ledger: RunningLedger, tmp_path: Path) -> None:
    """Of an environment nothing can come; a version may yet be filed, or arrive without that."""
    propose(ledger, "1.0.0", "production-eu")
    ledger.hears("staging", "1.0.0", name="web")
    refused = wait(ledger, tmp_path, "orders", "1.0.0", "-e", "stagin")
    assert (refused.code, refused.stdout) == (2, "")
    assert "The ledger knows no environment stagin: it never reported" in refused.stderr
    assert "what to do: Did you mean staging?" in refused.stderr
    for name, version, said in (
        ("orders", "1.0.1", "1.0.1 of orders was not filed, the newest is 1.0.0; it was not proposed here"),
        ("ordres", "1.0.0", "nothing is known of a service ordres (orders is near)"),
    ):
        done = wait(ledger, tmp_path, name, version, "-e", "staging", "--timeout", "1s")
        assert done.code == 3
        assert CLOCK.sub("", done.stderr) == f"staging  {said}\n"
        assert done.stdout.rstrip().endswith(f": {said}")


@pytest.mark.long
def test_a_job_waits_for_the_releases_of_its_commit(ledger: RunningLedger, tmp_path: Path) -> None:
    propose(ledger, "1.0.0", "staging")
    ledger.hears("staging", "1.0.0")
    commit = document("orders", "1.0.0")["source"]["commit"]
    for variable in ("GITHUB_SHA", "CI_COMMIT_SHA"):
        env = env_of(ledger) | {variable: commit}
        done = Ran(*forked.run("scripts", ("wait", "-e", "staging"), tmp_path, env))
        assert (done.code, done.stdout.partition(" after")[0]) == (0, "healthy in staging")


def test_a_later_release_that_contains_the_commit_is_not_waited_for(ledger: RunningLedger, tmp_path: Path) -> None:
    propose(ledger, "1.0.0", "staging")
    ledger.hears("staging", "1.0.0")
    commit = document("orders", "1.0.0")["source"]["commit"]
    changes = [{"commit": "8" * 40, "subject": "newest"}, {"commit": commit, "subject": "older"}]
    source = {"commit": "8" * 40, "since": "0.9.0", "changes": changes, "changes_left_out": 0}
    later = document("orders", "2.0.0", source=source, gitops=gitops("2"))
    headers = {"Authorization": f"Bearer {ledger.token}"}
    assert httpx.post(f"{ledger.url}/releases", json=later, headers=headers).status_code == 201
    done = wait(ledger, tmp_path, "-e", "staging", "--commit", commit, "--timeout", "1s")
    assert (done.code, done.stdout.partition(" after")[0]) == (0, "healthy in staging")


@pytest.mark.long
def test_a_failure_that_flux_may_mend_times_out(ledger: RunningLedger, tmp_path: Path) -> None:
    ledger.hears("staging", "1.0.0")
    ledger.hears("staging", "2.0.0", "UpgradeFailed", resource_version=5, message="timed out")
    done = wait(ledger, tmp_path, "orders", "2.0.0", "-e", "staging", "--timeout", "1s")
    assert done.code == 3
    assert done.stdout.startswith("timed out in staging after ")
    assert "Flux may try again" in done.stdout


def test_what_failed_and_is_healthy_by_now_is_healthy_also_for_who_does_not_wait(
    ledger: RunningLedger, tmp_path: Path
) -> None:
    propose(ledger, "1.0.0", "staging")
    ledger.hears("staging", "1.0.0", "InstallFailed", resource_version=5, message="timed out")
    assert wait(ledger, tmp_path, "orders", "1.0.0", "-e", "staging", "--fail-fast").code == 1
    ledger.hears("staging", "1.0.0", resource_version=6)
    done = wait(ledger, tmp_path, "orders", "1.0.0", "-e", "staging", "--fail-fast")
    assert (done.code, done.stdout.partition(" after")[0]) == (0, "healthy in staging")


@pytest.mark.long
def test_a_failure_is_told_by_what_is_behind_it(ledger: RunningLedger, tmp_path: Path) -> None:
    ledger.hears("staging", "1.0.0")
    said = "Helm upgrade failed for release apps/orders with chart orders@2.0.0: timeout waiting for: Deployment/a"
    ledger.hears("staging", "2.0.0", "UpgradeFailed", resource_version=5, message=said)
    done = wait(ledger, tmp_path, "orders", "2.0.0", "-e", "staging", "--fail-fast")
    for told in (done.stdout, done.stderr):
        assert "try 1 failed (timeout waiting for: Deployment/a)" in told
    drift = "Cluster state of release apps/orders.v7 has drifted from the desired state:\nDeployment/apps/a changed"
    ledger.hears("staging", "1.0.0", "DriftDetected", resource_version=6, message=drift)
    history = Ran(*forked.run("scripts", ("history", "--kind", "drifted"), tmp_path, env_of(ledger)))
    assert "drifted: Deployment/apps/a changed" in history.stdout


def test_one_that_was_replaced_before_it_was_merged_is_superseded(ledger: RunningLedger, tmp_path: Path) -> None:
    propose(ledger, "1.0.0", "staging")
    propose(ledger, "2.0.0", "staging", replaces="1.0.0")
    done = wait(ledger, tmp_path, "orders", "1.0.0", "-e", "staging", "--json")
    assert done.code == 4
    assert done.json == {
        "environments": [
            {
                "service": "orders",
                "version": "1.0.0",
                "environment": "staging",
                "outcome": "superseded",
                "cause": "the pull request proposes 2.0.0 now",
            }
        ]
    }


@pytest.mark.long
def test_silence_is_not_waited_out(ledger: RunningLedger, tmp_path: Path) -> None:
    ledger.hears("staging", "1.0.0")
    taken = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    body = json.dumps({"taken_at": taken, "round_seconds": 1, "namespaces": ["other"], "helmreleases": []}).encode()
    headers = {"X-Signature": signature(body, ledger.keys["staging"])}
    assert httpx.post(f"{ledger.url}/hooks/flux/staging/snapshot", content=body, headers=headers).status_code == 201
    with sqlite3.connect(tmp_path / "ledger" / "ledger.db") as database:
        before = datetime.now(UTC) - timedelta(hours=1)
        database.execute("UPDATE environment SET observed_at = ?", (before.isoformat(),))
    done = wait(ledger, tmp_path, "orders", "2.0.0", "-e", "staging")
    assert done.code == 5
    assert done.stdout.startswith("unknown in staging: the environment is silent since ")


@pytest.mark.long
@pytest.mark.parametrize("what", [("orders", "1.0.0"), ("--commit", "1" * 40)])
def test_a_ledger_that_does_not_answer_is_unknown_at_the_end(tmp_path: Path, what: tuple[str, ...]) -> None:
    done = wait("http://127.0.0.1:1", tmp_path, *what, "-e", "staging", "--timeout", "1s")
    assert done.code == 5
    assert "does not answer" in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("orders", "1.0.0"), "Missing option '--environment'"),
        (("-e", "staging"), "either SERVICE and VERSION, or --commit"),
        (("orders", "-e", "staging"), "either SERVICE and VERSION, or --commit"),
        (("-e", "staging", "--commit", "1" * 40), "The ledger has no release of the commit 111111111111"),
        (("orders", "1.0.0", "-e", "staging", "--timeout", "soon"), "write 90s, 30m or 2h"),
        (("orders", "1.0.0", "-e", "No"), "it must be the name of an environment"),
        (("orders", "1 0", "-e", "staging", "--timeout", "5s"), "it must be a version"),
    ],
)
def test_what_cannot_be_asked_ends_with_2(
    ledger: RunningLedger, tmp_path: Path, args: tuple[str, ...], said: str
) -> None:
    done = wait(ledger, tmp_path, *args)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr
