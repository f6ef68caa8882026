"""The history: what occurred, of all or of a part."""

from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.response import Response

from ..http.conditional import conditional
from ..ledger import history
from ..ledger.history import HistoryItem
from ..ledger.history_rows import HistoryFilter
from ..ledger.page import Page
from .feed import MEDIA_TYPE, feed
from .parameters import From, HistoryCursor, InEnvironment, Limit, OfKind, OfService, To, moment_in


def _wanted(
    service: OfService = None,
    environment: InEnvironment = None,
    kind: OfKind = None,
    begins: From = None,
    ends: To = None,
) -> HistoryFilter:
    return HistoryFilter(service, environment, kind, moment_in("from", begins), moment_in("to", ends))


WANTED = {"wanted": Provide(_wanted, sync_to_thread=False)}


@get("/history", scope="read", dependencies=WANTED, operation_id="list_history", tags=["history"])
async def list_history(
    state: State, wanted: NamedDependency[HistoryFilter], cursor: HistoryCursor = None, limit: Limit = 50
) -> Page[HistoryItem]:
    """What occurred, newest first. A page may hold fewer items than `limit`, and have a next one."""
    settings = state.settings
    return await history.history_of_stage(wanted, settings.environments, cursor, limit, settings.silent_after)


@get(
    "/history.atom",
    scope="read",
    dependencies=WANTED,
    media_type=MEDIA_TYPE,
    operation_id="feed_history",
    tags=["history"],
)
async def feed_history(
    request: Request[Any, Any, Any], state: State, wanted: NamedDependency[HistoryFilter]
) -> Response[bytes]:
    """The newest 50 items of the history as a feed, in Atom."""
    settings = state.settings
    found = await history.history_of_stage(wanted, settings.environments, None, 50, settings.silent_after)
    return conditional(request, feed(dict(request.query_params), found.items), MEDIA_TYPE)
