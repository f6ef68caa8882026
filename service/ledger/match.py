"""Which filed release an arrival is of: that of its service and version. It is looked up when reading, so that a
release filed later completes the record.

The service is our annotation, else the chart's name, else the HelmRelease's. A chart is named as its service, and a
waybill that says otherwise is refused: so no token can file what another service's arrivals are matched with.

All SQL that several files put together stands here, with the aliases that it relies on: `a` is an arrival, or anything
with its columns service and version; `r` is the filed release that it is of.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ..database import tables
from ..database.query import query
from ..domain.event import NAME, OVERRIDDEN, only
from ..domain.images import ReleasedImage
from ..domain.state import NO_ARRIVAL
from .releases.number_two import TEXT

WITH_RELEASE = "LEFT JOIN release r ON r.service = a.service AND r.version = a.version"
RELEASE_COLUMNS = (
    "a.version, a.build, a.chart_digest AS reported,"
    f" r.service AS filed_service, r.chart_digest AS published, {TEXT} AS document"
)


# What a row of the history came after: the arrival alone, without a checkpoint of it.
RAN = f"substr(a.after, 1, {len(NO_ARRIVAL)})"


def overridden_in(position: str) -> str:
    """Whether the place said that it does not run the images of the release, while what began there ran."""
    return (
        "EXISTS (SELECT 1 FROM image o WHERE o.environment = a.environment AND o.place = a.place"
        f" AND o.position = {position} AND o.digest = '{OVERRIDDEN}')"
    )


ARRIVAL_COLUMNS = (
    "a.environment, a.place, a.service, a.started_at, a.ended_at, a.basis, a.ended_by, a.position,"
    f" {RELEASE_COLUMNS}, {overridden_in('a.position')} AS overridden"
)
# The order of the arrivals of one release, which are few: an expression, so that no index of many is walked for it.
FEW = "a.position || ''"


class Release(Struct, frozen=True):
    """What runs. `build`: its version's build metadata. `known`: it was filed. `mismatched`: another chart digest or
    image than was filed. `images` are all of the release, by name, `image` the first of them; none where the place said
    that it does not run them."""

    version: str
    build: str | None
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
    build: str | None
    reported: str | None
    filed_service: str | None
    published: str | None
    document: str | None
    overridden: bool


class RevisionKey(NamedTuple):
    service: str
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
    manifests: dict[str, str] = {}


class _Source(Struct):
    commit: str


class _Document(Struct):
    """Of number 2, or of number 1, which has one image."""

    source: _Source
    images: list[_Image] = []
    image: _Image | UnsetType = UNSET


NOT_FILED = FiledRow(None, None, None)
_filed = query(
    lambda service, version: tables.Release.raw(
        f"SELECT r.service AS filed_service, r.chart_digest AS published, {TEXT} AS document FROM release r"
        " WHERE r.service = {} AND r.version = {}",
        service,
        version,
    ),
    takes=RevisionKey,
    gives=FiledRow,
)
_decode = msgspec.json.Decoder(_Document).decode


async def filed_release(service: str, version: str) -> FiledRow:
    rows = await _filed(RevisionKey(service, version))
    return rows[0] if rows else NOT_FILED


def named_service(annotated: str | None, chart: str | None, place: str) -> str:
    """The service of what runs at a place."""
    return annotated or only(NAME, chart) or place.partition("/")[2]


def release_of(
    service: str | None,
    version: str,
    build: str | None,
    document: str | None,
    *,
    mismatched: bool,
    overridden: bool = False,
) -> Release:
    """The release of `version`, with what is in `document`, its waybill, if one was filed. `overridden`: its place does
    not run its images."""
    if document is None:
        return Release(version, build, False, False, None, {}, None, None)
    it = _decode(document)
    images = {each.name: f"{each.repository}@{each.digest}" for each in it.images}
    if it.image:  # of number 1
        images = {str(service): f"{it.image.repository}@{it.image.digest}"}
    if overridden:
        images = {}
    return Release(
        version=version,
        build=build,
        known=True,
        mismatched=mismatched,
        image=next(iter(images.values()), None),
        images=images,
        commit=it.source.commit,
        url=f"/releases/{service}/{version}",
    )


def released_images(document: str | None) -> list[ReleasedImage]:
    """Of a waybill; none: it was not filed."""
    if document is None:
        return []
    it = _decode(document)
    found = [it.image] if it.image else it.images
    return [
        ReleasedImage(
            each.repository, each.digest, frozenset([each.digest, *each.manifests.values()]), bool(each.manifests)
        )
        for each in found
    ]


def moment(at: int) -> datetime:
    """From seconds since 1970."""
    return datetime.fromtimestamp(at, UTC)
