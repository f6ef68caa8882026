"""Where a service ran, from when to when."""

from litestar import get

from ..errors import NotFound
from ..ledger import names
from ..ledger.arrivals import list as intervals
from ..ledger.arrivals.list import Interval
from ..ledger.page import Page
from .parameters import IntervalCursor, Limit, ServiceName


@get("/services/{service:str}", scope="read", refuses=[404], operation_id="get_service", tags=["services"])
async def one(service: ServiceName, cursor: IntervalCursor = None, limit: Limit = 50) -> Page[Interval]:
    """Every interval in which a release of the service ran, in any environment, newest first."""
    found = await intervals.of_service(service, cursor, limit)
    if not found.items and not await names.is_service(service):
        raise NotFound(f"No release of {service} was filed or has arrived.", "GET /releases lists what was filed.")
    return found
