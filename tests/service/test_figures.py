"""Delivery figures are those that a slow count of what was told gives, on both databases."""

import os
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings

from ..support.service.counting import END, ENVIRONMENTS, Life, counted, filed, lives, told
from ..support.service.figure_examples import Week
from ..support.service.life import tell
from ..support.service.served import Served, document, served
from ..support.service.stories import z

EXAMPLES = 5_000 if os.environ.get("WAYBILL_TORTURE") else 40  # on each of two databases
FIELDS = {
    "deployments": ("value", "n"),
    "lead_time": ("value", "n", "left"),
    "change_fail_rate": ("value", "n", "of"),
    "recovery_time": ("value", "n", "left"),
}
PERIODS = [(0, END), (150, 550), (550, 900)]


async def _lived(ledger: Served, life: Life, service: str) -> None:
    for it in life.releases:
        answer = await ledger.file(document(service, it.version, source=filed(it, service)))
        assert answer.status_code == 201, answer.text
    for environment in ENVIRONMENTS:
        await tell(ledger, told(life.steps[environment], service), environment)


async def _said(ledger: Served, service: str, begins: int, ends: int) -> dict[str, tuple[Any, ...]]:
    whole = await ledger.get(f"/figures?service={service}&from={z(begins)}&to={z(ends)}")
    return {name: tuple(whole["figures"][name][it] for it in fields) for name, fields in FIELDS.items()}


@pytest.mark.torture
def test_they_are_those_of_a_slow_count(database_url: str) -> None:
    number = 0
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(served(database_url)) as ledger:

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck])
        @given(lives())
        def check(life: Life) -> None:
            nonlocal number
            number += 1
            service = f"s{number}"
            portal.call(_lived, ledger, life, service)
            if not life.releases and not any(life.steps.values()):
                return
            for period in PERIODS:
                assert portal.call(_said, ledger, service, *period) == counted(life, *period)

        check()


PAGE = (Path(__file__).parents[2] / "docs/explanation/figures.md").read_text()


async def a_rollback(week: Week) -> None:
    await week.filed("1.0.0", "08:00")
    await week.ran("1.0.0", "09:00")
    await week.filed("1.1.0", "10:00")
    await week.ran("1.1.0", "12:00")
    await week.rolled_back("1.0.0", "13:00")
    await week.ran("1.0.0", "13:10", "runs again")


async def a_failure_that_healed(week: Week) -> None:
    await week.filed("1.0.0", "08:00")
    await week.ran("1.0.0", "09:00")
    await week.filed("1.1.0", "10:00")
    await week.failed("1.1.0", "12:00")
    await week.ran("1.1.0", "12:04", "runs: Flux tried again")


async def an_interrupted_release(week: Week) -> None:
    await week.filed("1.0.0", "08:00")
    await week.ran("1.0.0", "09:00")
    await week.filed("1.1.0", "10:00")
    await week.filed("1.2.0", "13:00")
    await week.ran("1.2.0", "14:00", "runs; 1.1.0 never did")


async def a_release_that_was_never_filed(week: Week) -> None:
    await week.filed("1.0.0", "08:00")
    await week.ran("1.0.0", "09:00")
    await week.ran("1.1.0", "12:00", "runs; it was not filed")


async def a_place_that_went_silent(week: Week) -> None:
    await week.filed("1.0.0", "08:00")
    await week.ran("1.0.0", "09:00")
    await week.filed("1.1.0", "10:00")
    await week.silent("11:00", "15:00")
    await week.ran("1.1.0", "13:30", "began to run, as is heard at 15:00")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "example",
    [
        a_rollback,
        a_failure_that_healed,
        an_interrupted_release,
        a_release_that_was_never_filed,
        a_place_that_went_silent,
    ],
)
async def test_the_page_has_the_worked_example(ledger: Served, example: Callable[[Week], Awaitable[None]]) -> None:
    week = Week(ledger)
    await example(week)
    assert await week.told() in PAGE


@pytest.mark.anyio
async def test_nothing_to_count_is_null_and_bad_questions_are_told_in_words(ledger: Served) -> None:
    empty = await ledger.get("/figures")
    assert {it["value"] for it in empty["figures"].values()} == {None}
    assert {count["value"] for part in empty["bars"] for count in part["figures"].values()} == {None}
    assert len(empty["bars"]) == 13
    week = timedelta(weeks=1)
    begins, ends = (datetime.fromisoformat(empty[name]) for name in ("from", "to"))
    before = [datetime.fromisoformat(empty["before"][name]) for name in ("from", "to")]
    assert (ends - begins, before) == (13 * week, [begins - 13 * week, begins])
    for query, status, said in (
        ("from=2030-01-01&to=2030-02-01", 400, "2030-02-01 has not happened yet."),
        ("from=2026-03-02&to=2026-03-02", 400, "The period has no length."),
        ("from=2026-03-03&to=2026-03-02", 400, "The period has no length."),
        ("service=nobody", 404, "No release of nobody was filed, and none arrived."),
        ("environment=nowhere", 404, "Nothing has reported from nowhere."),
        ("from=yesterday", 400, "A parameter of the request is missing or has a wrong form."),
    ):
        answer = await ledger.get(f"/figures?{query}", status)
        assert answer["detail"] == said


@pytest.mark.anyio
async def test_each_figure_links_to_what_it_counts(ledger: Served) -> None:
    week = Week(ledger)
    await a_failure_that_healed(week)
    whole = await ledger.get("/figures?environment=production&from=2026-03-02&to=2026-03-09")
    arrived, failed = [("arrived", "1.1.0"), ("arrived", "1.0.0")], ("failed", "1.1.0")
    for name in whole["figures"]:
        found = await ledger.get(whole["figures"][name]["url"])
        items = [(it["kind"], it["version"]) for it in found["items"]]
        assert [it for it in items if it in arrived] == arrived
        assert (failed in items) == (name not in ("deployments", "lead_time"))


@pytest.mark.anyio
async def test_a_period_of_too_many_changes_is_refused(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.ledger.figures.MOST", 1)
    await a_failure_that_healed(Week(ledger))
    answer = await ledger.get("/figures?from=2026-03-02&to=2026-03-09", 400)
    assert answer["detail"] == "More than 1 changes are in the period and the one before it."
    assert "shorter" in answer["remedy"]


@pytest.mark.anyio
async def test_they_are_read_in_pieces(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    await an_interrupted_release(Week(ledger))
    query = "/figures?service=orders&environment=production&from=2026-03-02&to=2026-03-09"
    whole = await ledger.get(query)
    monkeypatch.setattr("service.ledger.figures.PIECE", 1)
    assert await ledger.get(query) == whole
    assert whole["figures"]["lead_time"]["n"] == 3
