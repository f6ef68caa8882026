"""How a sample stands at the end: what fails, drifts, waits, rolls out, is silent, and what nobody filed."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from . import documents
from .story import DAY, HOUR, MINUTE, Step, Teller

SILENT, HEARD = timedelta(hours=3, minutes=14), 24  # for how long nothing was heard of qa, after so many rounds


def ending(tellers: dict[str, Teller], ends: datetime) -> Iterator[Step]:
    stages = tellers["orders"].fleet.stages
    first, last = stages[0][0], stages[-1]
    yield from _failing(tellers["orders"], stages, ends)
    yield from tellers["payments"].drift(last[0], ends - HOUR)
    yield from _waiting(tellers["catalog"], stages, ends)
    yield from _next(tellers["search"], stages, ends - 5 * HOUR, "8.1.0", 1)
    yield from tellers["search"].arrive(
        "8.1.0", first, ends - 12 * MINUTE, annotations=documents.annotations("search", "8.1.0", tests="6h")
    )
    yield from tellers["web"].arrive("0.0.0-dev.7f3c1", first, ends - 2 * HOUR, annotations={})
    yield from _rolled_back(tellers["mailer"], stages, ends - 7 * HOUR)
    if "loyalty-migration" in tellers:
        teller = tellers["loyalty-migration"]
        yield from teller.say("InstallFailed", "0.9.0", "qa", ends - DAY, message='secret "loyalty-db" not found')
    if "qa" in tellers["orders"].fleet.environments:
        rounds = (ends - SILENT - number * 5 * MINUTE for number in range(HEARD))
        yield from (Step(at, "snapshot", "qa", documents.snapshot(at)) for at in rounds)


def _next(teller: Teller, stages: list[tuple[str, ...]], at: datetime, version: str, number: int) -> Iterator[Step]:
    """A release of three commits, filed and proposed for the first `number` stages, one after the other."""
    before = teller.runs[stages[0][0]]
    whole = documents.waybill(teller.service, version, before, 3, at)
    for index, stage in enumerate(stages[:number]):
        yield teller.file(version, stage, at + index * HOUR, whole, "promote" if index else "ship")


def _failing(teller: Teller, stages: list[tuple[str, ...]], ends: datetime) -> Iterator[Step]:
    """It came as far as the last environment, and fails there."""
    version, *before, failing = "9.0.0", *(environment for stage in stages for environment in stage)
    at = ends - 4 * HOUR
    yield from _next(teller, stages, at - 20 * MINUTE, version, len(stages))
    for environment in before:
        at += 30 * MINUTE
        yield from teller.arrive(version, environment, at)
    for tried in (55, 48, 41):
        yield from teller.fail(version, failing, ends - tried * MINUTE)


def _waiting(teller: Teller, stages: list[tuple[str, ...]], ends: datetime) -> Iterator[Step]:
    """It runs everywhere but in the last stage, for which it is proposed."""
    version = "6.0.1"
    yield from _next(teller, stages, ends - 3 * HOUR - (len(stages) - 1) * HOUR, version, len(stages))
    for index, stage in enumerate(stages[:-1]):
        for environment in stage:
            yield from teller.arrive(version, environment, ends - (3 + len(stages) - 1 - index) * HOUR + 9 * MINUTE)


def _rolled_back(teller: Teller, stages: list[tuple[str, ...]], at: datetime) -> Iterator[Step]:
    version, first = "7.4.0", stages[0][0]
    yield from _next(teller, stages, at - 10 * MINUTE, version, 1)
    yield from teller.fail(version, first, at)
    yield from teller.roll_back(version, first, at + 3 * MINUTE)
