"""What runs in an environment, what ran there at a time, and from when to when."""

from datetime import UTC, datetime

import msgspec
from litestar import get

from ..errors import NotFound, Refused
from ..http.answer import ReadyJson
from ..ledger.arrivals import list as intervals
from ..ledger.arrivals.list import Interval
from ..ledger.environments import answer as current_state
from ..ledger.environments import at_time as past
from ..ledger.environments import state as environments
from ..ledger.environments.state import EnvironmentState
from ..ledger.page import Page
from .parameters import At, EnvironmentName, IntervalCursor, Limit, NumberCursor, OfService

encode = msgspec.json.Encoder().encode


@get("/environments", scope="read", operation_id="list_environments", tags=["environments"])
async def every(cursor: NumberCursor = None, limit: Limit = 50) -> Page[EnvironmentState]:
    """What runs in every environment, in the order in which they first reported."""
    return await environments.states(cursor, limit)


@get(
    "/environments/{environment:str}",
    scope="read",
    gives=EnvironmentState,
    refuses=[404],
    operation_id="get_environment",
    tags=["environments"],
)
async def one(environment: EnvironmentName, at: At = None) -> ReadyJson:
    """What runs in an environment now, or ran there at a time."""
    if at is None:
        answer = await current_state.answer(environment)
    else:
        state = await past.state_at(environment, _moment(at))
        answer = encode(state) if state else None
    if answer is None:
        raise unknown(environment)
    return ReadyJson(answer)


@get(
    "/environments/{environment:str}/history",
    scope="read",
    refuses=[404],
    operation_id="get_history",
    tags=["environments"],
)
async def history(
    environment: EnvironmentName, service: OfService = None, cursor: IntervalCursor = None, limit: Limit = 50
) -> Page[Interval]:
    """What ran in an environment from when to when, newest first."""
    found = await intervals.in_environment(environment, service, cursor, limit)
    if not found.items and await environments.last_confirmed(environment) is None:
        raise unknown(environment)
    return found


def _moment(at: str) -> datetime:
    try:
        return datetime.fromisoformat(at).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused("There is no such time as in `at`.", "Write it as 2026-01-02T03:04:05Z.") from None


def unknown(environment: str) -> NotFound:
    return NotFound(f"No event of {environment} was ever received.", "GET /environments lists those that reported.")
