"""How the environments are, as metrics: what an alert needs to know, and the page of an environment tells whole."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator

from prometheus_client.core import GaugeMetricFamily

from ...database.outages import DATABASE_ERRORS, is_outage
from ...domain.place import NewerRules, OlderRules
from .state import EnvironmentState, states

SECONDS = 2.0  # of reading; a scrape also wants the other metrics
HEALTHS = ("healthy", "progressing", "failing", "unknown")
MOST_FAILING = 100  # of one environment that are named; `waybill_places` counts all


class Gauges:
    """A registry, as `generate_latest` takes one."""

    def __init__(self, found: list[EnvironmentState] | None) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        known = GaugeMetricFamily(
            "waybill_state_known", "0: the database did not tell in time how the environments are."
        )
        known.add_metric([], int(self._found is not None))
        yield known
        yield from _families(self._found or [])


async def gauges(silent_after: int) -> Gauges:
    """What cannot be read is left out, and said to be so: never a zero."""
    try:
        async with asyncio.timeout(SECONDS):
            return Gauges([it async for it in _every(silent_after)])
    except (TimeoutError, NewerRules, OlderRules):
        return Gauges(None)
    except DATABASE_ERRORS as error:
        if not is_outage(error):
            raise
        return Gauges(None)


async def _every(silent_after: int) -> AsyncIterator[EnvironmentState]:
    cursor: str | None = None
    while True:
        page = await states(cursor, silent_after=silent_after)
        for it in page.items:
            yield it
        if page.next is None:
            return
        cursor = page.next


def _families(found: list[EnvironmentState]) -> Iterator[GaugeMetricFamily]:
    places = GaugeMetricFamily("waybill_places", "Places, by health.", labels=["environment", "health"])
    failing = GaugeMetricFamily(
        "waybill_place_failing",
        f"When this place began to fail, in seconds since 1970; of an environment {MOST_FAILING} places at most.",
        labels=["environment", "place"],
    )
    silent = GaugeMetricFamily(
        "waybill_environment_silent", "1: nothing was heard of it for so long that it may be otherwise.",
        labels=["environment"],
    )  # fmt: skip
    heard = GaugeMetricFamily(
        "waybill_environment_heard_timestamp_seconds", "When its newest event or snapshot came.", labels=["environment"]
    )
    for it in found:
        counted = Counter(place.health for place in it.services)
        for health in HEALTHS:
            places.add_metric([it.environment, health], counted[health])
        for place in [place for place in it.services if place.health == "failing"][:MOST_FAILING]:
            began = place.health_since.timestamp() if place.health_since else 0
            failing.add_metric([it.environment, place.place], began)
        silent.add_metric([it.environment], int(it.silent_since is not None))
        heard.add_metric([it.environment], it.last_confirmed_at.timestamp())
    yield from (places, failing, silent, heard)
