"""What a digest is of: an image or a chart."""

from typing import Literal

from ..database.query import query
from ..database.tables import Arrival, ArrivalImage, Release
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
_found = query(
    lambda digest: ArrivalImage.select(ArrivalImage.id).where(ArrivalImage.digest == digest).limit(1),
    takes=DigestKey,
    gives=Id,
)


async def kind_of(digest: str) -> Literal["image", "chart", "both"] | None:
    """None: no release with this digest was filed, no event reported it, and no pod was seen with it. `both`: some say
    this of it and some that; who is right cannot be told from here."""
    key = DigestKey(digest)
    image, chart = await _image(key) or await _found(key), await _chart(key) or await _reported(key)
    if image and chart:
        return "both"
    return "image" if image else "chart" if chart else None
