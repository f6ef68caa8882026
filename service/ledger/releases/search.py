"""Finds the filed releases that a text may mean."""

from datetime import datetime
from typing import Any, NamedTuple

from piccolo.query.base import Query as Built

from ...database.piccolo_conf import current
from ...database.query import Query, query
from ...database.tables import Release
from ...domain.search import Terms
from ..rows import EnvironmentKey

AFTER_HEX = "g"  # sorts after every hexadecimal digit
AFTER_VERSION = "~"  # sorts after every character that a version has


class Hit(NamedTuple):
    """A filed release; `image` is the digest of its first image."""

    id: int
    service: str
    version: str
    commit: str
    image: str
    recorded_at: datetime


class Range(NamedTuple):
    """From `begins` up to, and without, `ends`."""

    begins: str
    ends: str
    limit: int


class NewestOf(NamedTuple):
    service: str
    limit: int


class ReleaseName(NamedTuple):
    service: str
    version: str
    limit: int


class RunningVersion(NamedTuple):
    service: str
    version: str


HIT = 'SELECT id, service, version, source_commit AS "commit", image_digest AS image, recorded_at FROM release'


def _where(condition: str, order: str, *values: Any) -> Built[Any, Any]:
    """Takes `limit` rows from the index of `order`; `values` end with the limit."""
    return Release.raw(
        f"{HIT} WHERE id IN (SELECT id FROM release WHERE {condition} ORDER BY {order} LIMIT {{}})", *values
    )


def _lower_version() -> str:
    """The expression of the index release_version_prefix."""
    return 'lower(version) COLLATE "C"' if current().engine_type == "postgres" else "lower(version)"


def _archive_digest() -> str:
    """The expression of the index release_archive."""
    if current().engine_type == "postgres":
        return "(document::jsonb -> 'chart' ->> 'archive') COLLATE \"C\""
    return "json_extract(document, '$.chart.archive')"


def _gitops_commit() -> str:
    """The expression of the index proposal_commit."""
    is_postgres = current().engine_type == "postgres"
    return "(part::jsonb ->> 'commit') COLLATE \"C\"" if is_postgres else "json_extract(part, '$.commit')"


def _begins(column: str, more: str = "") -> Query[Range, Hit]:
    return query(
        lambda begins, ends, limit: _where(f"{column} >= {{}} AND {column} < {{}}{more}", column, begins, ends, limit),
        takes=Range,
        gives=Hit,
    )


_first_image = _begins("image_digest", " AND waybill IS NULL")  # any other is found with all images
_chart, _commit = _begins("chart_digest"), _begins("source_commit")
_archive = query(
    lambda begins, ends, limit: _where(
        f"{_archive_digest()} >= {{}} AND {_archive_digest()} < {{}}", _archive_digest(), begins, ends, limit
    ),
    takes=Range,
    gives=Hit,
)
_proposed_commit = query(
    lambda begins, ends, limit: Release.raw(
        f"{HIT} WHERE id IN (SELECT release FROM proposal"
        f" WHERE {_gitops_commit()} >= {{}} AND {_gitops_commit()} < {{}} ORDER BY {_gitops_commit()} LIMIT {{}})",
        begins,
        ends,
        limit,
    ),
    takes=Range,
    gives=Hit,
)
_image = query(
    lambda begins, ends, limit: Release.raw(
        f"{HIT} WHERE id IN (SELECT release FROM release_image WHERE digest >= {{}} AND digest < {{}}"
        " ORDER BY digest LIMIT {})",
        begins,
        ends,
        limit,
    ),
    takes=Range,
    gives=Hit,
)
_artifact = query(
    lambda begins, ends, limit: Release.raw(
        f"{HIT} WHERE id IN (SELECT release FROM proposal WHERE artifact >= {{}} AND artifact < {{}}"
        " ORDER BY artifact LIMIT {})",
        begins,
        ends,
        limit,
    ),
    takes=Range,
    gives=Hit,
)
_version = query(
    lambda begins, ends, limit: _where(
        f"{_lower_version()} >= {{}} AND {_lower_version()} < {{}}", _lower_version(), begins, ends, limit
    ),
    takes=Range,
    gives=Hit,
)
_service = query(lambda service, limit: _where("service = {}", "id DESC", service, limit), takes=NewestOf, gives=Hit)
_release = query(
    lambda service, version, limit: Release.raw(
        f"{HIT} WHERE service = {{}} AND {_lower_version()} = {{}} LIMIT {{}}", service, version, limit
    ),
    takes=ReleaseName,
    gives=Hit,
)


_named_commit = query(
    lambda begins, ends, limit: Release.raw(
        f'{HIT} WHERE id IN (SELECT release FROM release_commit WHERE "commit" >= {{}} AND "commit" < {{}}'
        ' ORDER BY "commit" LIMIT {})',
        begins,
        ends,
        limit,
    ),
    takes=Range,
    gives=Hit,
)
_runs_in = query(
    lambda service, version: Release.raw(
        "SELECT DISTINCT environment FROM arrival WHERE service = {} AND version = {} AND ended_at IS NULL"
        " ORDER BY environment",
        service,
        version,
    ),
    takes=RunningVersion,
    gives=EnvironmentKey,
)


async def runs_in(service: str, version: str) -> list[str]:
    """The environments in which a place runs it, or did when it was last heard of."""
    return [it.environment for it in await _runs_in(RunningVersion(service, version))]


async def search(it: Terms, limit: int) -> list[Hit]:
    """At most `limit` of each meaning, newest first."""
    hits = list[Hit]()
    if it.digest:
        hits += await _first_image(Range(it.digest, it.digest + AFTER_HEX, limit))
        hits += await _image(Range(it.digest, it.digest + AFTER_HEX, limit))
        hits += await _chart(Range(it.digest, it.digest + AFTER_HEX, limit))
        hits += await _archive(Range(it.digest, it.digest + AFTER_HEX, limit))
        hits += await _artifact(Range(it.digest, it.digest + AFTER_HEX, limit))
    if it.commit:
        hits += await _commit(Range(it.commit, it.commit + AFTER_HEX, limit))
        hits += await _named_commit(Range(it.commit, it.commit + AFTER_HEX, limit))
        hits += await _proposed_commit(Range(it.commit, it.commit + AFTER_HEX, limit))
    if it.version:
        hits += await _version(Range(it.version, it.version + AFTER_VERSION, limit))
    if it.service:
        hits += await _service(NewestOf(it.service, limit))
    if it.release:
        hits += await _release(ReleaseName(*it.release, limit))
    return sorted({hit.id: hit for hit in hits}.values(), reverse=True)
