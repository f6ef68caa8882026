"""What a digest is of: an image or a chart."""

from typing import Literal

from ..database.query import compiled
from ..database.tables import Arrival, Release

_image = compiled(lambda digest: Release.select(Release.id).where(Release.image_digest == digest).limit(1))
_chart = compiled(lambda digest: Release.select(Release.id).where(Release.chart_digest == digest).limit(1))
_reported = compiled(lambda digest: Arrival.select(Arrival.id).where(Arrival.chart_digest == digest).limit(1))


async def kind_of(digest: str) -> Literal["image", "chart"] | None:
    """None: no release with this digest was filed, and no event reported it."""
    if await _image(digest):
        return "image"
    return "chart" if await _chart(digest) or await _reported(digest) else None
