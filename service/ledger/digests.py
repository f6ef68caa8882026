"""What a digest is of: an image or a chart."""

from typing import Literal

from ..database.query import query
from ..database.tables import Arrival, Release
from .releases.number_two import WITH_IMAGE
from .rows import DigestKey, Id

_image = query(
    lambda digest: Release.raw(f"SELECT id FROM release WHERE id IN ({WITH_IMAGE}) LIMIT 1", digest, digest),
    takes=DigestKey,
    gives=Id,
)
_chart = query(
    lambda digest: Release.select(Release.id).where(Release.chart_digest == digest).limit(1), takes=DigestKey, gives=Id
)
_reported = query(
    lambda digest: Arrival.select(Arrival.id).where(Arrival.chart_digest == digest).limit(1), takes=DigestKey, gives=Id
)


async def kind_of(digest: str) -> Literal["image", "chart"] | None:
    """None: no release with this digest was filed, and no event reported it."""
    key = DigestKey(digest)
    if await _image(key):
        return "image"
    return "chart" if await _chart(key) or await _reported(key) else None
