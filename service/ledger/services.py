"""Which services there are: those of filed releases, and those that arrived."""

from ..database.query import compiled
from ..database.tables import Arrival, Release

_filed = compiled(lambda service: Release.select(Release.id).where(Release.service == service).limit(1))
_arrived = compiled(lambda service: Arrival.select(Arrival.id).where(Arrival.service == service).limit(1))


async def exists(service: str) -> bool:
    return bool(await _filed(service) or await _arrived(service))
