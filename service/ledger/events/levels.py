"""The rows of `level`: the first and the last of a run of equal levels of a place, between which nothing was said."""

import hashlib
from collections.abc import Collection
from typing import NamedTuple

import msgspec

from ...database.query import query
from ...database.tables import Level as LevelTable
from ...domain.lane import NAME
from ...domain.level import Level
from ...domain.snapshot import level_entries
from ...domain.state import Entry
from ..rows import PlaceKey


class NewLevel(NamedTuple):
    """The columns of `level`."""

    environment: str
    place: str
    sha256: str
    body: bytes
    first_at: int
    first_version: str
    last_at: int
    last_version: str


class LevelKey(NamedTuple):
    environment: str
    place: str
    sha256: str


class NewestLevel(NamedTuple):
    id: int
    first_at: int
    last_at: int


class LaterLevel(NamedTuple):
    id: int
    last_at: int
    last_version: str


class PlaceSecond(NamedTuple):
    """`at`: in seconds since 1970."""

    environment: str
    place: str
    at: int


_insert = query(lambda **columns: LevelTable.insert(LevelTable(**columns)), takes=NewLevel, gives=None)
_newest = query(
    lambda environment, place, sha256: (
        LevelTable.select(LevelTable.id, LevelTable.first_at, LevelTable.last_at)
        .where((LevelTable.environment == environment) & (LevelTable.place == place) & (LevelTable.sha256 == sha256))
        .order_by(LevelTable.last_at, ascending=False)
        .order_by(LevelTable.id, ascending=False)
        .limit(1)
    ),
    takes=LevelKey,
    gives=NewestLevel,
)
_extend = query(
    lambda id, last_at, last_version: LevelTable.update(
        {LevelTable.last_at: last_at, LevelTable.last_version: last_version}
    ).where(LevelTable.id == id),
    takes=LaterLevel,
    gives=None,
)
_begin_at_last = query(
    lambda environment, place, at: LevelTable.raw(
        "INSERT INTO level (environment, place, sha256, body, first_at, first_version, last_at, last_version)"
        " SELECT environment, place, sha256, body, last_at, last_version, last_at, last_version FROM level"
        " WHERE environment = {} AND place = {} AND last_at >= {} AND first_at < last_at",
        environment,
        place,
        at,
    ),
    takes=PlaceSecond,
    gives=None,
)
_end_at_first = query(
    lambda environment, place, at: LevelTable.raw(
        "UPDATE level SET last_at = first_at, last_version = first_version"
        " WHERE environment = {} AND place = {} AND last_at >= {} AND first_at < last_at",
        environment,
        place,
        at,
    ),
    takes=PlaceSecond,
    gives=None,
)
_encode = msgspec.json.Encoder().encode


async def keep(key: PlaceKey, at: int, version: str, level: Level | str, last_said: Collection[str]) -> list[Entry]:
    """The entry of a level, if it is news; the name of a cluster: the HelmRelease is absent there. `last_said`: the
    beginnings of the SHA-256 of what was said last of each object of the place."""
    body = level.encode() if isinstance(level, str) else _encode(level)
    told = f"absent {key.place} {level}".rstrip().encode() if isinstance(level, str) else body
    sha256 = hashlib.sha256(told).hexdigest()
    rows = await _newest(LevelKey(*key, sha256)) if sha256[:NAME] in last_said else []
    newest = rows[0] if rows else None
    if newest and newest.first_at <= at <= newest.last_at:
        return []
    if newest and at > newest.last_at:
        await _extend(LaterLevel(newest.id, at, version))
    else:
        await _insert(NewLevel(*key, sha256, body, at, version, at, version))
    return list(level_entries(key.place, body, sha256, [(at, version)]))


async def absence(key: PlaceKey, at: int, cluster: str) -> Entry:
    [found] = await keep(key, at, "", cluster, ())
    return found


async def divide(key: PlaceKey, at: int) -> None:
    """Something was said of that time after what was said later: no run may go on across it, or else its last level
    would be forgotten, which may be the first after what was said."""
    seconds = PlaceSecond(*key, at)
    await _begin_at_last.each([seconds])
    await _end_at_first.each([seconds])
