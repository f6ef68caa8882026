"""`waybill figures` shows what the ledger counted, beside the period before."""

import re
from datetime import datetime

import pytest

from scripts.ask.figures import lines
from scripts.commands.ask import COUNTED
from service.ledger.figures_items import NAMES
from tests.support.service.story import Asker, Story


def rows(text: str) -> list[list[str]]:
    return [re.split(r"  +", line.strip()) for line in text.splitlines()]


def test_each_figure_has_what_was_counted(ask: Asker, story: Story) -> None:
    period, *gaps, head, deployments, lead, rate, recovery, rework = rows(ask("figures", "--since", "2w").stdout)
    answer = ask("figures", "--since", "2w", "--json").json
    figures = answer["figures"]
    begins, ends = (datetime.fromisoformat(answer[it]) for it in ("from", "to"))
    assert re.fullmatch(rf"\w+ {begins.day} {begins:%b}.* {begins:%H:%M} to .*{ends:%H:%M}", period[0])
    assert {it[0] for it in gaps} == {"heard"}
    since = datetime.fromisoformat(answer["heard_since"])
    assert re.fullmatch(rf"since .* {since:%H:%M}: not all that began before is known", gaps[0][1])
    assert head == ["NOW", "BEFORE", "COUNTED"]
    value, n = figures["deployments"]["value"], figures["deployments"]["n"]
    assert deployments == ["deployments a week", f"{value:.1f}", "not known", str(n)]
    assert n > 0
    assert value == pytest.approx(n / 2, rel=1e-3)
    units = {"d": 86_400, "h": 3_600, "min": 60}
    shown = sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+) (\w+)", lead[1]))
    assert 0 <= figures["lead_time"]["value"] - shown < 3_600
    assert lead[-1].startswith(f"{figures['lead_time']['n']} commits")
    assert rate[-1] == f"{figures['change_fail_rate']['n']} of {figures['change_fail_rate']['of']}"
    assert recovery[0] == "recovery, median"
    mends = figures["rework_rate"]
    assert rework == [
        "rework rate",
        f"{100 * mends['value']:.1f} %",
        "not known",
        f"{mends['n']} of {n} follow{'s' * (mends['n'] == 1)} a failure",
    ]


def test_json_is_the_ledgers_own_answer(ask: Asker, story: Story) -> None:
    query = {"environment": "staging", "service": "orders", "from": "2026-01-01", "to": "2026-02-01"}
    told = story.get("/figures?" + "&".join(f"{name}={it}" for name, it in query.items())).json()
    options = ("-e", "staging", "--from", "2026-01-01", "--to", "2026-02-01")
    assert ask("figures", "orders", *options, "--json").json == told
    assert {row[1] for row in rows(ask("figures", "orders", *options).stdout)[-5:]} == {"not known"}


def test_two_clusters_that_report_as_one_place_are_named(ask: Asker) -> None:
    answer = ask("figures", "--json").json
    assert answer["contested"] == []
    said = ["".join(cell.text for cell in line) for line in lines(answer | {"contested": ["staging"]})]
    assert said[1] == "contested  staging: two clusters have reported as one place, and are counted as one"


@pytest.mark.long
def test_what_is_counted_is_listed(ask: Asker, story: Story) -> None:
    figures = ask("figures", "--since", "2w", "--json").json["figures"]
    numbers = {
        "deployments": figures["deployments"]["n"],
        "commits": figures["lead_time"]["n"],
        "left_out": figures["lead_time"]["left"],
        "changes": figures["change_fail_rate"]["of"],
        "failures": figures["change_fail_rate"]["n"],
        "recoveries": figures["recovery_time"]["n"],
        "failing": figures["recovery_time"]["left"],
        "rework": figures["rework_rate"]["n"],
    }
    assert tuple(numbers) == COUNTED == NAMES
    for name, number in numbers.items():
        assert len(ask("figures", "--since", "2w", "--counted", name, "--json").json["items"]) == number
        shown = ask("figures", "--since", "2w", "--counted", name).stdout.splitlines()
        assert len(shown) == max(1, number)
    failed = rows(ask("figures", "orders", "-e", "staging", "--since", "2w", "--counted", "failures").stdout)
    assert [it[1:] for it in failed] == [["orders", "staging", "1.2.0", "failed, well again after 6 min"]]
    commits = rows(ask("figures", "orders", "-e", "production", "--since", "2w", "--counted", "commits").stdout)
    assert commits[0][1:4] == ["orders", "production", "1.0.0"]
    assert commits[0][4].startswith(f"{'100'.rjust(40, 'c')[:12]} began to run after ")
    [unfiled] = rows(ask("figures", "web", "-e", "staging", "--since", "2w", "--counted", "left_out").stdout)
    assert unfiled[-1] == "began to run; not filed"
    assert ask("figures", "--to", "2020-01-01", "--counted", "failures").stdout == "Nothing is counted there.\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nobody",), "No release of nobody was filed, and none arrived or failed to."),
        (("nobody", "--counted", "commits"), "No release of nobody was filed, and none arrived or failed to."),
        (("-e", "nowhere"), "Nothing has reported from nowhere."),
        (("--from", "2999-01-01"), "2999-01-01 00:00:00 UTC has not happened yet."),
        (("--counted", "people"), "'people' is not one of 'deployments', 'commits'"),
        (("--since", "soon"), "--since soon is no span of time: write 13w or 30d."),
        (("--since", "13w", "--to", "2026-01-01"), "--since goes with neither --from nor --to."),
        (("--from", "2026-02-01", "--to", "2026-01-01"), "The period has no length"),
    ],
)
def test_what_cannot_be_asked_is_told(ask: Asker, args: tuple[str, ...], said: str) -> None:
    ran = ask("figures", *args)
    assert ran.code == 2
    assert said in ran.stderr
