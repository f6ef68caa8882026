"""`waybill compare` says what an environment lacks of another, and `where COMMIT` where a commit runs."""

import re

import pytest

from tests.support.service.story import Asker, Story, ago


def rows(text: str) -> list[list[str]]:
    return [re.split(r"  +", line.strip()) for line in text.splitlines()]


def test_what_the_second_lacks_of_the_first(ask: Asker) -> None:
    head, mailer, orders, web, last = rows(ask("compare", "staging", "production").stdout)
    assert head == ["SERVICE", "STAGING", "PRODUCTION", "BEHIND", "WAITING"]
    assert mailer == ["mailer", "not known", "none"]
    assert orders == ["orders", "1.1.0", "1.0.0", "1", "8 h"]
    assert web == ["web", "9.9.9", "2.0.0", "not known"]
    assert last == ["0 run the same. Changes: waybill changes orders 1.0.0..1.1.0"]


def test_of_two_times_of_one_environment(ask: Asker) -> None:
    then = f"{ago(10):%Y-%m-%dT%H:%M:%SZ}"
    head, *differ = rows(ask("compare", "staging", "staging", "--at", then).stdout)
    assert head[1:3] == [f"STAGING {then}", "STAGING"]
    assert ["orders", "1.0.0", "1.1.0"] in [row[:3] for row in differ]


def test_what_is_the_same_is_counted_and_what_is_not_known_is_not_the_same(ask: Asker) -> None:
    """The chart of web is not the one that was released, so what it is is not known."""
    found = ask("compare", "production", "production", "--check")
    assert rows(found.stdout)[1:] == [["web", "2.0.0", "2.0.0", "not known"], ["1 runs the same."]]
    assert found.code == 1


def test_json_is_the_ledgers_own_answer(ask: Asker, story: Story) -> None:
    told = story.get("/environments/production/compare?with=staging").json()
    [found] = ask("compare", "staging", "production", "--json").json["comparisons"]
    assert found["items"] == told["items"]
    assert [found[name]["environment"] for name in ("with", "here")] == ["staging", "production"]


def test_where_a_commit_runs_and_where_that_is_not_known(ask: Asker) -> None:
    commit = "110".rjust(40, "c")
    title, release, _, staging, production = ask("where", commit).stdout.splitlines()
    assert (title, release) == (f"commit {commit}", "orders 1.1.0 was built from it")
    assert rows(staging)[0][0:3:2] == ["staging", "orders 1.1.0"]
    assert rows(staging)[0][-1] == "yes"
    assert rows(production)[0][-1] == "unknown"
    assert ask("where", commit, "--check").code == 0
    assert ask("where", commit[:-1]).stdout.splitlines()[0] == f"commit {commit}"
    assert ask("where", "120".rjust(40, "c"), "--check").code == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("compare", "staging", "qa"), "Nothing of an environment qa ever reached the ledger"),
        (("compare", "qa", "staging"), "Nothing of an environment qa ever reached the ledger"),
        (("compare", "staging", "production", "--at", "soon"), "it must be a date or a time"),
        (("where", "1" * 40), "No filed release names the commit 111111111111"),
    ],
)
def test_what_cannot_be_asked_ends_with_2(ask: Asker, args: tuple[str, ...], said: str) -> None:
    ran = ask(*args)
    assert (ran.code, ran.stdout) == (2, "")
    assert said in ran.stderr
