"""What really happened, told in every order and twice, ends in the truth that was written down beforehand."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice, permutations
from typing import Any

import pytest

from service.database.piccolo_conf import Engine
from service.ledger.arrivals import list as arrivals
from service.ledger.environments import state as environments
from service.ledger.environments.place import PlaceState
from service.ledger.events import take as events
from service.ledger.events import take_snapshot as snapshots
from service.ledger.events.rebuild import rebuild

from ..support.service.sizes import size
from ..support.service.stories import BEGINNING, STORIES, Story, Told

pytestmark = pytest.mark.anyio
TOGETHER = 60  # orders of one story that are told side by side, each in an environment of its own


def seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int((moment - BEGINNING).total_seconds())


def plain(it: PlaceState) -> dict[str, Any]:
    """What a story may tell of a place."""
    return {
        "version": it.release.version if it.release else None,
        "build": it.release.build if it.release else None,
        "basis": it.basis,
        "health": it.health,
        "health_since": seconds(it.health_since),
        "health_cause": it.health_cause,
        "attempt": (it.attempt.version, it.attempt.outcome) if it.attempt else None,
        "blocked": (it.blocked.reason, seconds(it.blocked.since)) if it.blocked else None,
        "suspended_since": seconds(it.suspended_since),
        "running_certain": it.running_certain,
        "given_up": it.given_up,
        "drift_seen_at": seconds(it.drift_seen_at),
        "reconfigured_at": seconds(it.reconfigured_at),
        "intended_image": it.intended_image,
        "unmanaged": (it.unmanaged.version, seconds(it.unmanaged.since)) if it.unmanaged else None,
        "contested": len(it.contested),
        "images": [each.asked for each in it.images],
        "images_seen_at": seconds(it.images_seen_at),
    }


async def tell(environment: str, it: Told) -> None:
    signed = events.Signed(environment, it.body, it.received)
    taken = await (snapshots if it.door else events).take(signed)
    assert taken.receipt.id


async def end(environment: str) -> tuple[dict[str, Any] | None, list[tuple[Any, ...]]]:
    state = await environments.state_of(environment)
    assert state is not None
    listed = (await arrivals.in_environment(environment)).items
    ran = [(it.release.version, seconds(it.from_), seconds(it.until), it.ended_by, it.basis) for it in reversed(listed)]
    return (plain(state.services[0]) if state.services else None), ran


def orders(told: Sequence[Told], most: int) -> Iterator[list[Told]]:
    """Every order, those that differ much first; then each one twice over, in one more."""
    every = list(islice(permutations(told), 5040))
    random.Random(len(told)).shuffle(every)  # noqa: S311 - a seed, so that a failure repeats
    yield list(told)
    yield from map(list, every[:most])
    yield [*reversed(told), *told]


@pytest.mark.torture
@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
async def test_a_story_ends_in_its_truth_in_every_order_and_doubled(database: Engine, story: Story) -> None:
    every = orders(story.told, size(24, 5040))
    told = {f"e{number}": [*story.before, *order] for number, order in enumerate(every)}
    for begin in range(0, len(told), TOGETHER):
        some = dict(islice(told.items(), begin, begin + TOGETHER))
        for step in range(max(map(len, some.values()))):
            now = [(name, order[step]) for name, order in some.items() if step < len(order)]
            await asyncio.gather(*(tell(name, it) for name, it in now))
    for name in told:
        truth, ran = await end(name)
        if story.truth is None:
            assert truth is None, name
        else:
            assert truth is not None, name
            assert {key: truth[key] for key in story.truth} == story.truth, name
        assert ran == story.ran, name


@pytest.mark.long
async def test_a_rebuild_gives_what_was_derived_step_by_step(database: Engine) -> None:
    for number, story in enumerate(STORIES.values()):
        for it in [*story.before, *story.told]:
            await tell(f"s{number}", it)
    before = [await end(f"s{number}") for number in range(len(STORIES))]
    assert await rebuild() == len(STORIES)
    assert [await end(f"s{number}") for number in range(len(STORIES))] == before
