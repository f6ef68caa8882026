"""Which filed release it is that an event spoke of, found when reading: filing it later completes the record.

An arrival names a service (our annotation, else the HelmRelease's name) and, where nothing was annotated, the
chart of the message. A filed release of that chart and version is it, else one of that service and version.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from ..database import tables
from ..database.query import compiled

# Of the arrival `a`: the filed release's id, or null. Two services may have filed the same chart: the first counts.
FILED = (
    "coalesce((SELECT min(x.id) FROM release x WHERE x.chart_name = a.chart AND x.version = a.version),"
    " (SELECT x.id FROM release x WHERE x.service = a.service AND x.version = a.version))"
)
WITH_RELEASE = f"LEFT JOIN release r ON r.id = {FILED}"
# What `identify` reads, of `a` joined WITH_RELEASE.
COLUMNS = "r.service, a.version, a.chart_digest, r.chart_digest, r.document"


class Release(Struct, frozen=True):
    """What runs. `known`: it was filed. `mismatched`: Flux reported another chart digest than the filed one."""

    version: str
    known: bool
    mismatched: bool
    image: str | None
    commit: str | None
    url: str | None


class _Image(Struct):
    repository: str
    digest: str


class _Source(Struct):
    commit: str


class _Document(Struct):
    image: _Image
    source: _Source


_find = compiled(
    lambda service, chart, version: tables.Release.raw(
        "SELECT r.service, r.chart_digest, r.document FROM"
        f" (SELECT {{}} AS service, {{}} AS chart, {{}} AS version) a JOIN release r ON r.id = {FILED}",
        service,
        chart,
        version,
    )
)
_decode = msgspec.json.Decoder(_Document).decode


async def find(
    annotated: str | None, place: str, chart: str | None, version: str
) -> tuple[str | None, str | None, str | None]:
    """Service, chart digest and document of the filed release that something at `place` is; Nones: none is filed."""
    rows = await _find(annotated or name_in(place), None if annotated else chart, version)
    return rows[0] if rows else (None, None, None)


def name_in(place: str) -> str:
    """The HelmRelease's name."""
    return place.partition("/")[2]


def identify(
    service: str | None, version: str, reported: str | None, filed: str | None, document: str | None
) -> Release:
    """The release of `version`: `document` and the chart digest `filed` are those of the filed one, if there is one."""
    if document is None:
        return Release(version, False, False, None, None, None)
    it = _decode(document)
    return Release(
        version=version,
        known=True,
        mismatched=reported is not None and reported != filed,
        image=f"{it.image.repository}@{it.image.digest}",
        commit=it.source.commit,
        url=f"/releases/{service}/{version}",
    )


def moment(at: Any) -> datetime:
    """From seconds since 1970."""
    return datetime.fromtimestamp(at, UTC)
