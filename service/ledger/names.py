"""Is there such a service, such a digest? What was filed and what arrived both count."""

from typing import Literal

from ..database.query import compiled
from ..database.tables import Arrival, Release

_filed = compiled(lambda service: Release.select(Release.id).where(Release.service == service).limit(1))
_arrived = compiled(lambda service: Arrival.select(Arrival.id).where(Arrival.service == service).limit(1))
_image = compiled(lambda digest: Release.select(Release.id).where(Release.image_digest == digest).limit(1))
_chart = compiled(lambda digest: Release.select(Release.id).where(Release.chart_digest == digest).limit(1))
_reported = compiled(lambda digest: Arrival.select(Arrival.id).where(Arrival.chart_digest == digest).limit(1))


async def is_service(name: str) -> bool:
    return bool(await _filed(name) or await _arrived(name))


async def kind_of(digest: str) -> Literal["image", "chart"] | None:
    """What the digest is of; None: nothing with it was ever filed or reported."""
    if await _image(digest):
        return "image"
    return "chart" if await _chart(digest) or await _reported(digest) else None
