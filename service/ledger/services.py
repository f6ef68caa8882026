"""Which services there are: those of filed releases, and those that arrived."""

from ..database.query import query
from ..database.tables import Arrival, Release
from .rows import Id, ServiceKey

_filed = query(
    lambda service: Release.select(Release.id).where(Release.service == service).limit(1), takes=ServiceKey, gives=Id
)
_arrived = query(
    lambda service: Arrival.select(Arrival.id).where(Arrival.service == service).limit(1), takes=ServiceKey, gives=Id
)


async def exists(service: str) -> bool:
    key = ServiceKey(service)
    return bool(await _filed(key) or await _arrived(key))
