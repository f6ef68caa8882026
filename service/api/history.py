"""The history: what occurred, of all or of a part."""

from litestar import get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from ..ledger import history
from ..ledger.history import HistoryItem
from ..ledger.history_rows import HistoryFilter
from ..ledger.page import Page
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
    return await history.history(wanted, cursor, limit, state.settings.silent_after)
