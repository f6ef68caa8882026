"""Finds the filed releases that a text may mean."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from msgspec import Struct
from piccolo.query.base import Query

from ...database.query import Rows, compiled
from ...database.tables import Release
from ...domain.search import Terms

AFTER = "g"  # sorts after every hexadecimal digit


class Hit(Struct, frozen=True):
    """A filed release; `image` is its digest."""

    id: int
    service: str
    version: str
    commit: str
    image: str
    recorded_at: datetime


def _where(condition: str, order: str, *values: Any) -> Query[Any, Any]:
    """Takes `limit` rows from the index of `order`; `values` end with the limit."""
    return Release.raw(
        "SELECT id, service, version, source_commit, image_digest, recorded_at FROM release WHERE id IN"
        f" (SELECT id FROM release WHERE {condition} ORDER BY {order} LIMIT {{}})",
        *values,
    )


def _begins(column: str) -> Callable[..., Awaitable[Rows]]:
    return compiled(
        lambda begins, ends, limit: _where(f"{column} >= {{}} AND {column} < {{}}", column, begins, ends, limit)
    )


_image, _chart, _commit = (_begins(column) for column in ("image_digest", "chart_digest", "source_commit"))
_version = compiled(lambda pattern, limit: _where("lower(version) LIKE {}", "version", pattern, limit))
_service = compiled(lambda service, limit: _where("service = {}", "id DESC", service, limit))
_release = compiled(
    lambda service, version, limit: _where("service = {} AND version = {}", "id", service, version, limit)
)


async def search(it: Terms, limit: int) -> list[Hit]:
    """At most `limit` of each meaning, newest first."""
    rows = []
    if it.digest:
        rows += await _image(it.digest, it.digest + AFTER, limit)
        rows += await _chart(it.digest, it.digest + AFTER, limit)
    if it.commit:
        rows += await _commit(it.commit, it.commit + AFTER, limit)
    if it.version:
        rows += await _version(f"{it.version.lower()}%", limit)
    if it.service:
        rows += await _service(it.service, limit)
    if it.release:
        rows += await _release(*it.release, limit)
    return [Hit(*row) for row in sorted({row[0]: tuple(row) for row in rows}.values(), reverse=True)]
