"""A release in brief: its commit, and what changed with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec import Struct

from ...database.query import Query, query
from ...database.tables import Release
from .number_two import WHOLE


class BriefKey(NamedTuple):
    service: str
    version: str


class NewestBrief(NamedTuple):
    service: str
    limit: int


class BriefsBetween(NamedTuple):
    """Versions: filed after the one, and up to the other."""

    service: str
    after: str
    until: str
    limit: int


class BriefRow(NamedTuple):
    version: str
    recorded_at: datetime
    document: str


class BriefChange(Struct, frozen=True):
    commit: str
    subject: str
    author: str | None = None


class ReleaseBrief(NamedTuple):
    """`changes` None: which commits it is of, was not told. `left_out`: how many more there are; `since`: the release
    before."""

    version: str
    recorded_at: datetime
    repository: str
    commit: str
    since: str | None
    changes: Sequence[BriefChange] | None
    left_out: int

    @property
    def number(self) -> int:
        return len(self.changes or ()) + self.left_out

    @property
    def authors(self) -> list[str]:
        return list(dict.fromkeys(it.author for it in self.changes or () if it.author))


class _BriefSource(Struct):
    repository: str
    commit: str
    since: str | None = None
    changes: list[BriefChange] | None = None
    changes_left_out: int = 0


class _Sourced(Struct):
    """What both numbers of the waybill have."""

    source: _BriefSource


def _select(where: str) -> str:
    return f"SELECT r.version, r.recorded_at, {WHOLE} AS document FROM release r WHERE {where}"


_one: Query[BriefKey, BriefRow] = query(
    lambda service, version: Release.raw(_select("r.service = {} AND r.version = {}"), service, version),
    takes=BriefKey,
    gives=BriefRow,
)
_newest: Query[NewestBrief, BriefRow] = query(
    lambda service, limit: Release.raw(_select("r.service = {} ORDER BY r.id DESC LIMIT {}"), service, limit),
    takes=NewestBrief,
    gives=BriefRow,
)
_between: Query[BriefsBetween, BriefRow] = query(
    lambda service, after, until, limit: Release.raw(
        _select(
            "r.service = {} AND r.id > (SELECT x.id FROM release x WHERE x.service = {} AND x.version = {})"
            " AND r.id <= (SELECT x.id FROM release x WHERE x.service = {} AND x.version = {}) ORDER BY r.id LIMIT {}"
        ),
        *(service, service, after, service, until, limit),
    ),
    takes=BriefsBetween,
    gives=BriefRow,
)
_decode = msgspec.json.Decoder(_Sourced).decode


async def brief(service: str, version: str) -> ReleaseBrief | None:
    """None: it was not filed."""
    rows = await _one(BriefKey(service, version))
    return _brief(rows[0]) if rows else None


async def newest_in_brief(service: str, limit: int) -> list[ReleaseBrief]:
    return [_brief(it) for it in await _newest(NewestBrief(service, limit))]


async def briefs_between(service: str, after: str, until: str, limit: int) -> list[ReleaseBrief]:
    """Oldest first; none where one of the two was not filed."""
    return [_brief(it) for it in await _between(BriefsBetween(service, after, until, limit))]


def _brief(it: BriefRow) -> ReleaseBrief:
    source = _decode(it.document).source
    named = (source.repository, source.commit, source.since, source.changes, source.changes_left_out)
    return ReleaseBrief(it.version, it.recorded_at, *named)
