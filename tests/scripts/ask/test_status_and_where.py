"""`waybill status` and `waybill where` say what a running ledger knows, from a folder that is no checkout."""

import json
import os
import re
import sqlite3
import time
from pathlib import Path

import pytest

from tests.support import forked
from tests.support.builders import Ran
from tests.support.service.replica import replica
from tests.support.service.story import Asker, Story, ago, telling

DIGEST = f"sha256:{'110'.rjust(64, 'a')}"
TIME = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d+ [A-Z][a-z]{2} \d\d:\d\d:\d\d"


def words(line: str) -> list[str]:
    return re.split(r"  +", line.strip())


def test_what_needs_somebody_comes_first_with_its_cause(ask: Asker, story: Story) -> None:
    ran = ask("status")
    assert (ran.code, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert [words(line)[:3] for line in lines[0:4]] == [
        ["failing", "mailer", "staging"],
        ["Helm: InstallFailed for release apps/mailer with chart mailer@0.1.0"],
        ["failing", "web", "staging"],
        ["mismatched", "web", "production"],
    ]
    assert "0.1.0 failed" in lines[0]
    assert lines[0].endswith("nothing is known to run")
    waiting, url, *_ = lines[4:]
    assert words(waiting)[:3] == ["waiting", "web", "staging"]
    assert re.fullmatch(r"2\.0\.0 was proposed \d+ (s|min) ago", words(waiting)[3])
    assert url.strip() == "https://example.org/pull/7"
    assert words(lines[6])[:3] == ["waiting", "orders", "production"]
    assert re.fullmatch(f"2 other places are healthy. {TIME}", lines[8])
    assert lines[9:] == [story.url]


def test_a_service_is_shown_everywhere_also_where_it_is_healthy(ask: Asker) -> None:
    lines = ask("status", "orders").stdout.splitlines()
    assert [words(line)[:3] for line in lines[:2]] == [
        ["healthy", "orders", "production"],
        ["healthy", "orders", "staging"],
    ]
    assert "1.2.0 was rolled back" in lines[1]
    assert "1.1.0 still runs" in lines[1]
    assert lines[2].strip() == "1 error occurred: job migrate failed: <b>timed out</b>"


def test_a_time_in_the_past_is_answered_as_it_was(ask: Asker) -> None:
    then = f"{ago(10):%Y-%m-%dT%H:%M:%SZ}"
    assert "1.0.0 since" in ask("status", "orders", "-e", "staging", "--at", then).stdout
    assert "1.1.0 still runs" in ask("status", "orders", "-e", "staging").stdout


def test_json_is_the_ledgers_own_answer(ask: Asker, story: Story) -> None:
    told = json.loads(ask("status", "web", "-e", "production", "--json").stdout)["environments"]
    whole = story.get("/environments/production").json()
    assert told[0]["services"] == [it for it in whole["services"] if it["service"] == "web"]


@pytest.mark.parametrize(("args", "code"), [(("-e", "staging"), 1), (("orders",), 0), (("web",), 1)])
def test_check_tells_trouble_by_its_exit_code(ask: Asker, args: tuple[str, ...], code: int) -> None:
    assert ask("status", *args, "--check").code == code
    assert ask("status", *args).code == 0


def test_what_did_not_run_is_an_answer(ask: Asker) -> None:
    """Only a name that nobody knows is wrong."""
    for args in (("orders", "--at", "2020-01-01"), ("web", "-e", "staging", "--at", "2020-01-01")):
        ran = ask("status", *args)
        assert (ran.code, ran.stdout.partition(" is")[0]) == (0, f"Nothing of {args[0]}"), ran
    assert ask("status", "--at", "2020-01-01").stdout.startswith("Nothing is known to run. Wed 1 Jan 2020 00:00:00\n")


def test_where_a_release_runs_and_where_it_was_proposed_and_has_not_arrived(ask: Asker) -> None:
    ran = ask("where", "orders", "1.1.0")
    title, image, _, *rows = ran.stdout.splitlines()
    assert (title, image) == ("orders 1.1.0", f"image {DIGEST} of ghcr.io/acme/orders")
    assert [words(row)[:2] for row in rows] == [["staging", "apps/orders"], ["production", "not arrived"]]
    assert words(rows[0])[3] == "runs"
    assert ask("where", "orders", "1.1.0", "--check").code == 0
    assert ask("where", "orders", "1.2.0", "--check").code == 1


def test_where_an_image_is(ask: Asker) -> None:
    for digest in (DIGEST, DIGEST.removeprefix("sha256:"), DIGEST[:-1], DIGEST[len("sha256:") : -1]):
        lines = ask("where", digest).stdout.splitlines()
        assert lines[:2] == [f"image {DIGEST}", "is of orders 1.1.0"]
        assert words(lines[3])[:2] == ["staging", "apps/orders"]


def test_what_was_never_filed_is_said_so(ask: Asker) -> None:
    assert ask("where", "web", "9.9.9").stdout.startswith("web 9.9.9 was never filed\n")
    seen = ask("where", f"sha256:{'0' * 64}").stdout.splitlines()
    assert seen[1] == "is of no filed release; it was seen where these ran:"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("status", "nope"), "Nothing of nope ever ran"),
        (("status", "-e", "qa"), "those that reported are staging, production"),
        (("status", "--at", "yesterday"), "at: it must be a date or a time"),
        (("where", "orders", "7.7.7"), "No release 7.7.7 of orders was filed"),
        (("where", f"sha256:{'9' * 64}"), "nothing with it was seen running"),
        (("where", "abc"), "abc is no digest or commit"),
        (("where", "beef"), "no digest and no commit that begins with beef"),
        (("where", "aaaa"), f"aaaa may be short for image sha256:{'100'.rjust(64, 'a')}, image {DIGEST}"),
        (("status", "--watch", "--json"), "--watch shows what runs now"),
    ],
)
def test_what_cannot_be_asked_ends_with_2(ask: Asker, args: tuple[str, ...], said: str) -> None:
    ran = ask(*args)
    assert (ran.code, ran.stdout) == (2, "")
    assert said in ran.stderr


def test_without_a_ledger_it_says_where_to_name_one(ask: Asker) -> None:
    ran = ask("status", WAYBILL_LEDGER="")
    assert ran.code == 2
    assert "--ledger, in WAYBILL_LEDGER, or as `ledger` in waybill.toml" in ran.stderr


def test_the_nearest_waybill_toml_names_the_ledger(ask: Asker, story: Story, tmp_path: Path) -> None:
    (tmp_path / "waybill.toml").write_text(f'ledger = "{story.url}"\n')
    assert ask("status", "orders", WAYBILL_LEDGER="").code == 0
    assert ask("status", "orders", "--ledger", "http://127.0.0.1:1").code == 2


def test_a_ledger_that_lists_by_token_says_which_one_it_wants(tmp_path: Path) -> None:
    with replica(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "log", READS="token") as it:
        env = {"PATH": os.environ["PATH"], "WAYBILL_LEDGER": it.url}
        ran = Ran(*forked.run("scripts", ("status",), tmp_path, env))
    assert ran.code == 2
    assert "Give WAYBILL_LEDGER_TOKEN a token with the scope read" in ran.stderr


def test_an_empty_ledger_is_said_to_be_empty(tmp_path: Path) -> None:
    with replica(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "log") as it:
        env = {"PATH": os.environ["PATH"], "WAYBILL_LEDGER": it.url}
        ran = Ran(*forked.run("scripts", ("status",), tmp_path, env))
    assert ran.code == 0
    assert ran.stdout.startswith("Nothing has reported yet.")


@pytest.mark.long
def test_in_a_silent_environment_nothing_is_said_to_run(tmp_path: Path) -> None:
    """Its observer promised a round each second, and fell silent before Flux told what runs."""
    with telling(tmp_path) as story:
        story.see("staging", ago(0), round_seconds=1)
        with sqlite3.connect(tmp_path / "ledger.db") as database:
            database.execute("UPDATE environment SET observed_at = ?", (f"{ago(9_000).isoformat()}",))
        env = {"PATH": os.environ["PATH"], "WAYBILL_LEDGER": story.url}
        whole, checked, one, where = (
            Ran(*forked.run("scripts", args.split(), tmp_path, env))
            for args in (
                "status -e staging",
                "status -e staging --check",
                "status orders -e staging",
                "where orders 1.1.0",
            )
        )
    first, waiting, _, rest, _ = whole.stdout.splitlines()
    assert waiting.endswith("; whether it has arrived is not known")
    assert words(first)[:2] == ["silent", "staging"]
    assert "unknown since" in first
    assert rest.startswith("Nothing is known to be healthy.")
    assert checked.code == 5
    assert "last known 1.1.0" in one.stdout
    assert "healthy" not in one.stdout
    assert "not known, ran when last heard" in where.stdout
    [(began, heard)] = re.findall(
        r"^staging .*  (\S+ \S+ \S+ \d\d:\d\d):\d\d  .*last heard (.*)$", where.stdout, re.MULTILINE
    )
    assert heard == began


def test_after_a_failure_that_is_not_rolled_back_what_runs_is_not_certain(tmp_path: Path) -> None:
    with telling(tmp_path) as story:
        story.say("staging", "UpgradeFailed", "1.3.0", 0, resource_version=90)
        env = {"PATH": os.environ["PATH"], "WAYBILL_LEDGER": story.url}
        status, where, commit = (
            Ran(*forked.run("scripts", args.split(), tmp_path, env)).stdout
            for args in ("status orders -e staging", "where orders 1.1.0", f"where {'110'.rjust(40, 'c')}")
        )
    assert "what runs is not certain: 1.1.0, or parts of both" in status
    assert "still runs" not in status
    assert re.search(r"^staging .* not certain, parts of another may run$", where, re.MULTILINE)
    assert re.search(r"^staging .* not certain, parts of another than 1.1.0 may run$", commit, re.MULTILINE)


def test_several_places_of_a_service_are_told_apart(tmp_path: Path) -> None:
    with telling(tmp_path) as story:
        story.say("staging", "InstallSucceeded", "1.1.0", 1, namespace="blue")
        env = {"PATH": os.environ["PATH"], "WAYBILL_LEDGER": story.url}
        told = Ran(*forked.run("scripts", ("status", "orders", "-e", "staging"), tmp_path, env)).stdout
    assert "in apps/orders" in told
    assert "in blue/orders" in told


@pytest.mark.long
def test_one_that_watches_outlives_the_ledger(tmp_path: Path) -> None:
    """It says that what follows is not known, once, and goes on when the ledger is back."""
    url, out, err = f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "out", tmp_path / "err"
    with replica(url, tmp_path / "log") as ledger:
        port = ledger.url.rpartition(":")[2]
        env = {"PATH": os.environ["PATH"], "WAYBILL_LEDGER": ledger.url}
        watching = forked.start("scripts", ["status", "--watch"], tmp_path, env, out, err)
        _until(out, "Nothing has reported yet.", 1)
    _until(err, "is not known: The ledger at ", 1)
    with replica(url, tmp_path / "log", PORT=port):
        _until(out, "Nothing has reported yet.", 2)
    watching.terminate()
    assert watching.wait(10) is not None
    assert err.read_text().count("warning: ") <= 2


def _until(file: Path, text: str, times: int) -> None:
    deadline = time.monotonic() + 60
    while not file.exists() or file.read_text().count(text) < times:
        assert time.monotonic() < deadline
        time.sleep(0.05)
