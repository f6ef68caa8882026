"""Finds the filed releases that a text may mean."""

from datetime import datetime
from typing import Any, NamedTuple

from piccolo.query.base import Query as Built

from ...database.query import Query, query
from ...database.tables import Release
from ...domain.search import Terms

AFTER = "g"  # sorts after every hexadecimal digit


class Hit(NamedTuple):
    """A filed release; `image` is its digest."""

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


class Pattern(NamedTuple):
    pattern: str
    limit: int


class NewestOf(NamedTuple):
    service: str
    limit: int


class ReleaseName(NamedTuple):
    service: str
    version: str
    limit: int


def _where(condition: str, order: str, *values: Any) -> Built[Any, Any]:
    """Takes `limit` rows from the index of `order`; `values` end with the limit."""
    return Release.raw(
        'SELECT id, service, version, source_commit AS "commit", image_digest AS image, recorded_at FROM release'
        f" WHERE id IN (SELECT id FROM release WHERE {condition} ORDER BY {order} LIMIT {{}})",
        *values,
    )


def _begins(column: str) -> Query[Range, Hit]:
    return query(
        lambda begins, ends, limit: _where(f"{column} >= {{}} AND {column} < {{}}", column, begins, ends, limit),
        takes=Range,
        gives=Hit,
    )


_image, _chart, _commit = (_begins(column) for column in ("image_digest", "chart_digest", "source_commit"))
_version = query(
    lambda pattern, limit: _where("lower(version) LIKE {}", "version", pattern, limit), takes=Pattern, gives=Hit
)
_service = query(lambda service, limit: _where("service = {}", "id DESC", service, limit), takes=NewestOf, gives=Hit)
_release = query(
    lambda service, version, limit: _where("service = {} AND version = {}", "id", service, version, limit),
    takes=ReleaseName,
    gives=Hit,
)


async def search(it: Terms, limit: int) -> list[Hit]:
    """At most `limit` of each meaning, newest first."""
    hits = list[Hit]()
    if it.digest:
        hits += await _image(Range(it.digest, it.digest + AFTER, limit))
        hits += await _chart(Range(it.digest, it.digest + AFTER, limit))
    if it.commit:
        hits += await _commit(Range(it.commit, it.commit + AFTER, limit))
    if it.version:
        hits += await _version(Pattern(f"{it.version.lower()}%", limit))
    if it.service:
        hits += await _service(NewestOf(it.service, limit))
    if it.release:
        hits += await _release(ReleaseName(*it.release, limit))
    return sorted({hit.id: hit for hit in hits}.values(), reverse=True)
