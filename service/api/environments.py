"""Environments: what runs there, what ran at a time, and the arrivals."""

from datetime import datetime
from typing import Any, NamedTuple

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from msgspec import Struct
from msgspec.json import Encoder

from ..domain.signature import ENVIRONMENT
from ..http.answer import JsonBytes
from ..http.kept import WITH_CLOCK
from ..http.parameters import wrong_form
from ..ledger.arrivals import list as arrivals
from ..ledger.arrivals.list import Arrival
from ..ledger.environments import at_time, compare
from ..ledger.environments.compare import ComparedEnvironment, ServiceDifference
from ..ledger.environments.state import EnvironmentState, environment_row, state_of, states
from ..ledger.page import Page
from .parameters import (
    ArrivalCursor,
    At,
    EnvironmentName,
    Limit,
    NameCursor,
    NumberCursor,
    OfService,
    With,
    WithAt,
    in_words,
    past_moment_in,
    whole,
)
from .refusals import no_environment

encode = Encoder().encode


class Sides(NamedTuple):
    """What is compared: an environment at a time, with the one of `name` at another; None: itself, and now."""

    name: str | None
    at: datetime | None
    with_at: datetime | None


def _others(other: With = None, at: At = None, with_at: WithAt = None) -> Sides:
    if other is not None and not ENVIRONMENT.fullmatch(other):  # `with` is no name that Python's parameters can have
        raise wrong_form("with: " + in_words(repr(whole(ENVIRONMENT))))
    return Sides(other, past_moment_in("at", at), past_moment_in("with_at", with_at))


@get("/environments", scope="read", operation_id="list_environments", tags=["environments"])
async def list_environments(state: State, cursor: NumberCursor = None, limit: Limit = 50) -> Page[EnvironmentState]:
    """What runs in each environment, in the order in which they first reported."""
    return await states(cursor, limit, state.settings.silent_after)


@get(
    "/environments/{environment:str}",
    scope="read",
    kept=True,
    gives=EnvironmentState,
    refuses=[404],
    operation_id="get_environment",
    tags=["environments"],
)
async def get_environment(request: Request[Any, Any, Any], environment: EnvironmentName, at: At = None) -> JsonBytes:
    """What runs in an environment now, or what ran there at a time."""
    silent_after = request.app.state.settings.silent_after
    moment = past_moment_in("at", at)
    if moment is None:
        found = await state_of(environment, silent_after)
    else:
        found = await at_time.state_at(environment, moment, silent_after)
    if found is None:
        raise await no_environment(request.app.state.settings.environments, environment)
    return JsonBytes(encode(found), holds=WITH_CLOCK)


@get(
    "/environments/{environment:str}/arrivals",
    scope="read",
    refuses=[404],
    operation_id="list_arrivals",
    tags=["environments"],
)
async def list_arrivals(
    state: State,
    environment: EnvironmentName,
    service: OfService = None,
    cursor: ArrivalCursor = None,
    limit: Limit = 50,
) -> Page[Arrival]:
    """The arrivals in an environment, newest first."""
    found = await arrivals.in_environment(environment, service, cursor, limit, state.settings.silent_after)
    if not found.items and await environment_row(environment) is None:
        raise await no_environment(state.settings.environments, environment)
    return found


class Comparison(Struct, frozen=True, rename={"with_": "with"}):
    """`next` continues the list as `cursor`; null: this is its end."""

    items: list[ServiceDifference]
    next: str | None
    here: ComparedEnvironment
    with_: ComparedEnvironment


@get(
    "/environments/{environment:str}/compare",
    scope="read",
    dependencies={"others": Provide(_others, sync_to_thread=False)},
    refuses=[404],
    operation_id="compare_environments",
    tags=["environments"],
)
async def compare_environments(
    state: State,
    environment: EnvironmentName,
    others: NamedDependency[Sides],
    cursor: NameCursor = None,
    limit: Limit = 50,
) -> Comparison:
    """What differs between the environment and the one `with`, or itself, now or `at` and `with_at`: by service."""
    silent_after = state.settings.silent_after
    here = await compare.state_then(environment, others.at, silent_after)
    there = await compare.state_then(others.name or environment, others.with_at, silent_after)
    if here is None or there is None:
        unknown = environment if here is None else others.name or environment
        raise await no_environment(state.settings.environments, unknown)
    found = await compare.compare(here, there, cursor, limit)
    return Comparison(found.items, found.next, compare.of(here), compare.of(there))
