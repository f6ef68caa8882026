"""Which filed release an arrival is of: looked up when reading, so that a release filed later completes the record.

An arrival names a service (our annotation, else the HelmRelease's name) and, where nothing was annotated, the chart of
the event's message, which is called as its service. The filed release of that service and version is it, else the one
of the service that the arrival names.

All SQL that several files put together stands here, with the aliases that it relies on: `a` is an arrival, or anything
with its columns service, chart and version; `r` is the filed release that it is of.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ..database import tables
from ..database.query import query
from .releases.number_two import TEXT

# The id of `r`, or null.
FILED = (
    "coalesce((SELECT x.id FROM release x WHERE x.service = a.chart AND x.version = a.version),"
    " (SELECT x.id FROM release x WHERE x.service = a.service AND x.version = a.version))"
)
WITH_RELEASE = f"LEFT JOIN release r ON r.id = {FILED}"
RELEASE_COLUMNS = (
    "a.version, a.chart_digest AS reported, r.service AS filed_service, r.chart_digest AS published,"
    f" {TEXT} AS document"
)
ARRIVAL_COLUMNS = (
    f"a.environment, a.place, a.service, a.started_at, a.ended_at, a.basis, a.ended_by, a.position, {RELEASE_COLUMNS}"
)
# The order of the arrivals of one release, which are few: an expression, so that no index of many is walked for it.
FEW = "a.position || ''"


class Release(Struct, frozen=True):
    """What runs. `known`: it was filed. `mismatched`: Flux reported another chart digest than was filed. `images` are
    all of the release, by name, `image` the first of them."""

    version: str
    known: bool
    mismatched: bool
    image: str | None
    images: dict[str, str]
    commit: str | None
    url: str | None


class ArrivalRow(NamedTuple):
    """Of ARRIVAL_COLUMNS. `reported` is the chart digest of Flux, `published` that of the filed release."""

    environment: str
    place: str
    service: str
    started_at: int
    ended_at: int | None
    basis: str
    ended_by: str | None
    position: str
    version: str
    reported: str | None
    filed_service: str | None
    published: str | None
    document: str | None


class RevisionKey(NamedTuple):
    service: str
    chart: str | None
    version: str


class FiledRow(NamedTuple):
    """Of a filed release; all None: there is none."""

    filed_service: str | None
    published: str | None
    document: str | None


class _Image(Struct):
    repository: str
    digest: str
    name: str = ""


class _Source(Struct):
    commit: str


class _Document(Struct):
    """Of number 2, or of number 1, which has one image."""

    source: _Source
    images: list[_Image] = []
    image: _Image | UnsetType = UNSET


NOT_FILED = FiledRow(None, None, None)
_filed = query(
    lambda service, chart, version: tables.Release.raw(
        f"SELECT r.service AS filed_service, r.chart_digest AS published, {TEXT} AS document FROM"
        f" (SELECT {{}} AS service, {{}} AS chart, {{}} AS version) a JOIN release r ON r.id = {FILED}",
        service,
        chart,
        version,
    ),
    takes=RevisionKey,
    gives=FiledRow,
)
_decode = msgspec.json.Decoder(_Document).decode


async def filed_release(annotated: str | None, place: str, chart: str | None, version: str) -> FiledRow:
    """The filed release that an event at `place` is of."""
    rows = await _filed(RevisionKey(annotated or name_in(place), None if annotated else chart, version))
    return rows[0] if rows else NOT_FILED


def name_in(place: str) -> str:
    """The HelmRelease's name."""
    return place.partition("/")[2]


def release_of(
    service: str | None, version: str, reported: str | None, published: str | None, document: str | None
) -> Release:
    """The release of `version`, with what is in `document`, its waybill, if one was filed."""
    if document is None:
        return Release(version, False, False, None, {}, None, None)
    it = _decode(document)
    images = {each.name: f"{each.repository}@{each.digest}" for each in it.images}
    if it.image:  # of number 1
        images = {str(service): f"{it.image.repository}@{it.image.digest}"}
    return Release(
        version=version,
        known=True,
        mismatched=reported is not None and reported != published,
        image=next(iter(images.values())),
        images=images,
        commit=it.source.commit,
        url=f"/releases/{service}/{version}",
    )


def moment(at: int) -> datetime:
    """From seconds since 1970."""
    return datetime.fromtimestamp(at, UTC)
