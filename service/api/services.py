"""Services: which there are, and where their releases ran."""

from litestar import get
from litestar.datastructures import State

from ..ledger import services
from ..ledger.arrivals import list as arrivals
from ..ledger.arrivals.list import Arrival
from ..ledger.page import Page
from ..ledger.services import ServiceSummary
from .parameters import ArrivalCursor, Limit, NameCursor, ServiceName
from .refusals import no_service


@get("/services", scope="read", operation_id="list_services", tags=["services"])
async def list_services(cursor: NameCursor = None, limit: Limit = 50) -> Page[ServiceSummary]:
    """The services that have filed or reported something, by name."""
    return await services.services(cursor, limit)


@get("/services/{service:str}", scope="read", refuses=[404], operation_id="get_service", tags=["services"])
async def get_service(
    state: State, service: ServiceName, cursor: ArrivalCursor = None, limit: Limit = 50
) -> Page[Arrival]:
    """The arrivals of the service in every environment, newest first."""
    found = await arrivals.of_service(service, cursor, limit, state.settings.silent_after)
    if not found.items and not await services.exists(service):
        raise no_service(service)
    return found
