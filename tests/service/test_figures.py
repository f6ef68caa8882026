"""Delivery figures are those that a slow count of what was told gives, on both databases."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, example, given, settings

from service.database.tables import Event, Release
from service.ledger.releases.upgrade import upgrade

from ..support.service import stories
from ..support.service.counting import END, ENVIRONMENTS, Filed, Life, Step, counted, filed, lives, rollbacks, told
from ..support.service.figure_examples import EXAMPLES_OF_THE_PAGE, Week, lived, proposed_at
from ..support.service.life import tell
from ..support.service.replica import AMPLE
from ..support.service.served import Served, document, gitops, served
from ..support.service.stories import z

EXAMPLES = 5_000 if os.environ.get("WAYBILL_TORTURE") else 40  # on each of two databases
FIELDS = {
    "deployments": ("value", "n"),
    "lead_time": ("value", "n", "left"),
    "change_fail_rate": ("value", "n", "of"),
    "recovery_time": ("value", "n", "left"),
    "rework_rate": ("value", "n", "of"),
}
PROPOSED_WHERE_IT_RUNS = Life(  # in one place, before it is taken back in the other
    (Filed(0, "a", 0), Filed(1, "a", 0)),
    {
        ("staging", "apps"): (),
        ("production", "apps"): (Step(100, "up", 0), Step(200, "up", 1), Step(300, "proposed", 0)),
        ("production", "blue"): (Step(140, "up", 1), Step(240, "proposed", 1)),
    },
)
PERIODS = [(0, END), (150, 550), (550, 900)]


LISTS = {  # of each number of a figure
    ("deployments", "n"): "url",
    ("lead_time", "n"): "url",
    ("lead_time", "left"): "left_url",
    ("change_fail_rate", "n"): "url",
    ("change_fail_rate", "of"): "of_url",
    ("recovery_time", "n"): "url",
    ("recovery_time", "left"): "left_url",
    ("rework_rate", "n"): "url",
    ("rework_rate", "of"): "of_url",
}


async def _lived(ledger: Served, life: Life, service: str, token: str) -> None:
    for it in life.releases:
        answer = await ledger.file(document(service, it.version, source=filed(it, service)), token)
        assert answer.status_code == 201, answer.text
    # What is said at one time is written together.
    await asyncio.gather(
        *(tell(ledger, [it], name) for (name, where), steps in life.steps.items() for it in told(steps, service, where))
    )
    for (environment, namespace), steps in life.steps.items():
        for step in rollbacks(steps):
            [release] = [it for it in life.releases if it.number == step.number]
            part = gitops(environment=environment) | {"kind": "rollback", "commit": f"{step.at:040x}"}
            part["places"] = [{"environment": environment, "place": f"{namespace}/{service}"}]
            whole = document(service, step.version, source=filed(release, service), gitops=part)
            assert (await ledger.file(whole, token)).status_code == 200
            await proposed_at(stories.at(step.at), service)


async def _said(ledger: Served, query: str) -> dict[str, tuple[Any, ...]]:
    whole = await ledger.get(f"/figures?{query}")
    return {name: tuple(whole["figures"][name][it] for it in fields) for name, fields in FIELDS.items()}


async def _adds_up(ledger: Served, query: str) -> None:
    """Each list is as long as its number says; parts say what is said when they are asked for; a group, what all of its
    environments say."""
    whole = await ledger.get(f"/figures?{query}")
    for (name, number), url in LISTS.items():
        figure = whole["figures"][name]
        listed = (await ledger.get(figure[url]))["items"] if figure[url] else []
        assert len(listed) == figure[number], (name, number)
    for part in (whole["before"], whole["bars"][6]):
        apart = (await ledger.get(part["url"]))["figures"]
        for name, count in part["figures"].items():
            assert {it: apart[name][it] for it in count} == count
    group = await ledger.get(f"/figures?{query}&environment=both")
    assert group["environments"] == [*ENVIRONMENTS]
    for name, figure in whole["figures"].items():
        assert {it: group["figures"][name][it] for it in ("value", "n", "of", "left")}.items() <= figure.items()


@pytest.mark.long
@pytest.mark.torture
def test_they_are_those_of_a_slow_count(database_url: str) -> None:
    number = 0
    given_to = {"ENVIRONMENTS": f"both = {' + '.join(ENVIRONMENTS)}", "EVENT_QUOTA": AMPLE}
    serving = served(database_url, **given_to)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving) as ledger:
        token = portal.call(ledger.token, "releases:write")
        for environment in ENVIRONMENTS:
            portal.call(tell, ledger, [stories.E(1, "InstallSucceeded", "1.0.0", name="other")], environment)

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck])
        @given(lives())
        def check(life: Life) -> None:
            nonlocal number
            number += 1
            service = f"s{number}"
            portal.call(_lived, ledger, life, service, token)
            if not life.releases and not any(life.steps.values()):
                return
            for begins, ends in PERIODS:
                query = f"service={service}&from={z(begins)}&to={z(ends)}"
                assert portal.call(_said, ledger, query) == counted(life, begins, ends)
            if number % 5 == 0:
                portal.call(_adds_up, ledger, query)

        check = example(PROPOSED_WHERE_IT_RUNS)(check)
        check()


PAGE = (Path(__file__).parents[2] / "docs/explanation/figures.md").read_text()


@pytest.mark.anyio
@pytest.mark.parametrize("title", EXAMPLES_OF_THE_PAGE)
async def test_the_page_has_the_worked_example(ledger: Served, title: str) -> None:
    week = await lived(ledger, title)
    assert await week.told() in PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0] + "\n"


@pytest.mark.anyio
async def test_nothing_to_count_is_null_and_bad_questions_are_told_in_words(ledger: Served) -> None:
    empty = await ledger.get("/figures")
    assert {it["value"] for it in empty["figures"].values()} == {None}
    assert {it[name] for it in empty["figures"].values() for name in ("url", "of_url", "left_url")} == {None}
    assert {count["value"] for part in empty["bars"] for count in part["figures"].values()} == {None}
    assert len(empty["bars"]) == 13
    assert (empty["silent"], empty["heard_since"]) == ([], None)
    week = timedelta(weeks=1)
    begins, ends = (datetime.fromisoformat(empty[name]) for name in ("from", "to"))
    before = [datetime.fromisoformat(empty["before"][name]) for name in ("from", "to")]
    assert (ends - begins, before) == (13 * week, [begins - 13 * week, begins])
    for query, status, said in (
        ("from=2030-01-01&to=2030-02-01", 400, "2030-02-01 00:00:00 UTC has not happened yet."),
        ("from=2030-01-01", 400, "2030-01-01 00:00:00 UTC has not happened yet."),
        ("from=2026-03-02&to=2026-03-02", 400, "The period has no length."),
        ("from=2026-03-03&to=2026-03-02", 400, "The period has no length."),
        ("from=1960-03-03&to=2026-03-02", 400, "The period begins before 1970."),
        ("service=nobody", 404, "No release of nobody was filed, and none arrived or failed to."),
        ("environment=nowhere", 404, "Nothing has reported from nowhere."),
        ("from=yesterday", 400, "A parameter of the request is missing or has a wrong form."),
    ):
        for path in ("/figures", "/figures/commits"):
            answer = await ledger.get(f"{path}?{query}", status)
            assert answer["detail"] == said
    assert (await ledger.get("/figures/commits"))["items"] == []
    wrong = await ledger.get("/figures/people", 400)
    assert wrong["errors"] == [
        "name: it must be one of deployments, commits, left_out, changes, failures, recoveries, failing, rework"
    ]


@pytest.mark.anyio
async def test_a_part_without_length_leads_nowhere(ledger: Served) -> None:
    """Of a period of some seconds; and nothing is before 1970."""
    whole = await ledger.get("/figures?from=1970-01-01&to=1970-01-01T00:00:05Z")
    parts = [whole["before"], *whole["bars"]]
    assert len(parts) == 14
    assert [it["url"] is None for it in parts] == [it["from"] == it["to"] for it in parts]
    assert len([it for it in parts if it["url"]]) == 5
    for it in parts:
        if it["url"]:
            assert (await ledger.get(it["url"]))["figures"]["lead_time"]["n"] == 0
    page = await ledger.http.get("/board/figures?from=1970-01-01&to=1970-01-01T00:00:05Z")
    assert (page.status_code, "None" in page.text) == (200, False)


WEEK = "environment=production&from=2026-03-02&to=2026-03-09"


@pytest.mark.anyio
async def test_what_is_counted_says_what_it_was_and_leads_to_the_history(ledger: Served) -> None:
    await lived(ledger, "A failure that healed")
    commits = (await ledger.get(f"/figures/commits?{WEEK}"))["items"]
    assert [(it["version"], it["commit"], it["seconds"]) for it in commits] == [
        ("1.1.0", f"{2:040x}", 2 * 3600 + 240),
        ("1.0.0", f"{1:040x}", 3600),
    ]
    [failure] = (await ledger.get(f"/figures/failures?{WEEK}"))["items"]
    told = [(it["kind"], it["version"]) for it in (await ledger.get(failure.pop("url")))["items"]]
    assert told == [("failed", "1.1.0")]
    assert failure == {
        "what": "failure",
        "when": "2026-03-02T12:00:00Z",
        "environment": "production",
        "service": "orders",
        "version": "1.1.0",
        "known": True,
        "commit": None,
        "committed_at": None,
        "well_at": "2026-03-02T12:04:00Z",
        "seconds": 240,
    }
    first = await ledger.get(f"/figures/changes?{WEEK}&limit=1")
    last = await ledger.get(f"/figures/changes?{WEEK}&limit=1&cursor={first['next']}")
    assert [(it["version"], it["what"]) for it in first["items"] + last["items"]] == [
        ("1.1.0", "deployment"),
        ("1.0.0", "deployment"),
    ]
    assert last["next"] is None


@pytest.mark.anyio
async def test_the_time_of_a_commit_is_known_where_an_older_ledger_filed_its_release(ledger: Served) -> None:
    """Which leaves it in the document alone."""
    await lived(ledger, "An interrupted release")
    whole = await ledger.get(f"/figures?{WEEK}")
    await Release.update({Release.committed_at: None}, force=True)
    assert await ledger.get(f"/figures?{WEEK}") == whole
    await upgrade()
    assert await Release.count().where(Release.committed_at.is_null()) == 0
    assert await ledger.get(f"/figures?{WEEK}") == whole


@pytest.mark.anyio
async def test_a_version_fails_once_whoever_says_so(ledger: Served) -> None:
    """Flux, then people; before the period and in it."""
    week = await lived(ledger, "A failure that healed")
    await week.rolled_back("1.0.0", "15:00")
    for begins, ends, number in (("00:00", "18:00", 1), ("00:00", "12:30", 1), ("14:00", "18:00", 0)):
        query = f"environment=production&from=2026-03-02T{begins}Z&to=2026-03-02T{ends}Z"
        assert len((await ledger.get(f"/figures/failures?{query}"))["items"]) == number


@pytest.mark.anyio
async def test_what_ran_before_the_period_is_known_also_where_it_was_filed_last(ledger: Served) -> None:
    """1.2.0 had brought the commit of 1.1.0 before people went back to 1.0.0."""
    week = Week(ledger)
    for version, committed in (("1.0.0", "06:00"), ("1.1.0", "07:00"), ("1.2.0", "08:00")):
        await week.filed(version, committed)
    for version, at in (("1.0.0", "09:00"), ("1.2.0", "10:00"), ("1.0.0", "11:00"), ("1.1.0", "13:00")):
        await week.ran(version, at)
    query = "environment=production&from=2026-03-02T12:30Z&to=2026-03-02T14:00Z"
    assert (await ledger.get(f"/figures/deployments?{query}"))["items"][0]["version"] == "1.1.0"
    assert (await ledger.get(f"/figures/commits?{query}"))["items"] == []


@pytest.mark.anyio
async def test_a_period_of_too_many_changes_is_refused(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.ledger.figures_history.MOST", 1)
    await lived(ledger, "A failure that healed")
    answer = await ledger.get(f"/figures?{WEEK}", 400)
    assert answer["detail"] == "More than 1 arrivals, failures or releases are in the period and the one before it."
    assert "shorter" in answer["remedy"]


@pytest.mark.anyio
async def test_they_are_read_in_pieces(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    await lived(ledger, "An interrupted release")
    await Week(ledger).failed("1.3.0", "15:00")
    query = f"/figures?service=orders&{WEEK}"
    whole = await ledger.get(query)
    monkeypatch.setattr("service.ledger.figures_history.PIECE", 1)
    monkeypatch.setattr("service.ledger.figures_lines.PIECE", 1)
    assert await ledger.get(query) == whole
    assert (whole["figures"]["lead_time"]["n"], whole["figures"]["change_fail_rate"]["n"]) == (3, 1)


@pytest.mark.anyio
@pytest.mark.parametrize("first", ["event", "snapshot"])
async def test_a_ledger_says_since_when_it_hears_of_anything(ledger: Served, first: str) -> None:
    """Of what was before it knows little, so its figures of that are low."""
    await tell(ledger, [stories.E(0, "InstallSucceeded", "1.0.0") if first == "event" else stories.L(0, stories.V1)])
    since = datetime.fromisoformat((await ledger.get("/figures?from=2026-02-01"))["heard_since"])
    assert (
        since == stories.at(0) if first == "snapshot" else timedelta(0) < datetime.now(UTC) - since < timedelta(hours=1)
    )
    assert "Nothing was heard before" in (await ledger.http.get("/board/figures?from=2026-02-01")).text
    await Event.update({Event.received_at: stories.at(0)}, force=True)
    assert (await ledger.get("/figures?from=2026-11-01"))["heard_since"] is None
    assert "Nothing was heard before" not in (await ledger.http.get("/board/figures?from=2026-11-01")).text
