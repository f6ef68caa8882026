"""`waybill history` shows what occurred, newest first, and how to go on."""

import re

import pytest

from tests.support.service.story import Asker, Story


def rows(text: str) -> list[list[str]]:
    return [re.split(r"  +", line.strip()) for line in text.splitlines()]


def test_of_a_service_newest_first_with_its_failures_and_where_they_led(ask: Asker) -> None:
    ran = ask("history", "orders", "-e", "staging")
    assert (ran.code, ran.stderr) == (0, "")
    told = [row[1:] for row in rows(ran.stdout) if not row[3].startswith("proposed")]
    assert told == [
        ["staging", "1.1.0", "is healthy again"],
        [
            "staging",
            "1.2.0",
            "rolled back, 1.1.0 runs again: Helm rollback to previous release apps/orders.v2 with chart orders@1.1.0"
            " succeeded",
        ],
        ["staging", "1.2.0", "failed: 1 error occurred: job migrate failed: <b>timed out</b>"],
        ["staging", "1.1.0", "arrived"],
        ["staging", "1.0.0", "arrived"],
    ]
    assert "proposed by ship: https://example.org/pull/7" in ran.stdout


def test_of_all_services_each_is_named(ask: Asker) -> None:
    failed = rows(ask("history", "--kind", "failed").stdout)
    assert [row[1:4] for row in failed] == [
        ["staging", "orders", "1.2.0"],
        ["staging", "mailer", "0.1.0"],
        ["staging", "web", "9.9.9"],
    ]


def test_what_is_left_out_can_be_asked_for_and_nothing_is_lost(ask: Asker) -> None:
    """Page by page, as the last line of each says, it is the whole."""
    seen: dict[tuple[str, ...], None] = {}
    wanted, older = {"--limit": "4"}, True
    while older:
        lines = ask("history", *(word for pair in wanted.items() for word in pair)).stdout.splitlines()
        if older := lines[-1].startswith("older: "):
            words = lines.pop().removeprefix("older: ").split()
            wanted |= dict(zip(words[::2], words[1::2], strict=True))
        seen |= dict.fromkeys(map(tuple, rows("\n".join(lines))))
    assert list(seen) == list(map(tuple, rows(ask("history", "--limit", "100").stdout)))


def test_json_is_the_ledgers_own_answer(ask: Asker, story: Story) -> None:
    assert ask("history", "web", "--json").json["items"] == story.get("/history?service=web").json()["items"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--kind", "nope"), 2, "kind: it must be one of arrived, failed"),
        (("--limit", "\u0661\u0660"), 2, "is not a number"),
        (("--limit", "1_0"), 2, "is not a number"),
        (("--limit", "-1"), 2, "is not in the range"),
        (("--from", "soon"), 2, "from: it must be a date or a time"),
        (("orders", "--to", "2001-01-01"), 0, "Nothing occurred in that time that the ledger knows of."),
        (("--to", "2001-01-01"), 0, "Nothing occurred in that time that the ledger knows of."),
    ],
)
def test_what_cannot_be_asked_and_what_is_empty_are_told_apart(
    ask: Asker, args: tuple[str, ...], code: int, said: str
) -> None:
    ran = ask("history", *args)
    assert ran.code == code
    assert said in ran.stdout + ran.stderr
