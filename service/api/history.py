"""The history: what occurred, of all or of a part."""

from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.response import Response

from ..domain.stages import members
from ..errors import Refused
from ..http.conditional import conditional
from ..ledger import history, services
from ..ledger.environments.state import environment_row
from ..ledger.history import HistoryItem
from ..ledger.history_rows import HistoryFilter
from ..ledger.page import Page
from .feed import MEDIA_TYPE, feed
from .parameters import From, HistoryCursor, InEnvironment, Limit, OfKind, OfService, To, moment_in, past_moment_in
from .refusals import no_environment, no_service


def _wanted(
    service: OfService = None,
    environment: InEnvironment = None,
    kind: OfKind = None,
    begins: From = None,
    ends: To = None,
) -> HistoryFilter:
    since, until = past_moment_in("from", begins), moment_in("to", ends)
    if since and until and until <= since:
        raise Refused("The period has no length.", "Let `from` be before `to`.")
    return HistoryFilter(service, environment, kind, since, until)


WANTED = {"wanted": Provide(_wanted, sync_to_thread=False)}


@get("/history", scope="read", dependencies=WANTED, refuses=[404], operation_id="list_history", tags=["history"])
async def list_history(
    state: State, wanted: NamedDependency[HistoryFilter], cursor: HistoryCursor = None, limit: Limit = 50
) -> Page[HistoryItem]:
    """What occurred, newest first. A page may hold fewer items than `limit`, and have a next one."""
    return await _found(state, wanted, cursor, limit)


@get(
    "/history.atom",
    scope="read",
    dependencies=WANTED,
    refuses=[404],
    media_type=MEDIA_TYPE,
    operation_id="feed_history",
    tags=["history"],
)
async def feed_history(
    request: Request[Any, Any, Any], state: State, wanted: NamedDependency[HistoryFilter]
) -> Response[bytes]:
    """The newest 50 items of the history as a feed, in Atom."""
    found = await _found(state, wanted, None, 50)
    return conditional(request, feed(dict(request.query_params), found.items), MEDIA_TYPE)


async def _found(state: State, wanted: HistoryFilter, cursor: str | None, limit: int) -> Page[HistoryItem]:
    """Of what the ledger has never heard of it is not known that nothing occurred: that is refused."""
    settings, environment = state.settings, wanted.environment
    found = await history.history_of_stage(wanted, settings.environments, cursor, limit, settings.silent_after)
    if found.items or found.next or cursor:
        return found
    if wanted.service and not await services.exists(wanted.service):
        raise no_service(wanted.service)
    if environment and not members(settings.environments, environment) and not await environment_row(environment):
        raise await no_environment(settings.environments, environment)
    return found
