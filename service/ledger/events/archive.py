"""Moves the bodies of old events into files, and takes them back.

Their essence stays (domain/essence.py), so every answer, and what is derived anew, is as before; and their SHA-256, so
that one that is sent again is known. A body leaves the database once its file is on the disk: what is ended half-way
loses nothing, and is done by doing it again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from ...database.piccolo_conf import current
from ...database.query import query
from ...database.tables import Event
from ...domain.essence import essence_of
from ..progress import Say
from .archive_file import ArchivedEvent, Damaged, prepare, read, write
from .pieces import BYTES, pieces
from .take import EventKey

TOGETHER = 500  # rows of one transaction, at most: what the ledger writes waits for it


class OldEvents(NamedTuple):
    """Ids from `first` to `last`, both included, received before `before`."""

    first: int
    last: int
    before: datetime


class StoredEvent(NamedTuple):
    id: int
    environment: str
    sha256: str
    received_at: datetime
    body: bytes


class NewBody(NamedTuple):
    body: bytes
    environment: str
    sha256: str


Some = TypeVar("Some", ArchivedEvent, NewBody)


class Moved(NamedTuple):
    """`size`: of the bodies, in bytes, of which `left` stayed as their essence."""

    bodies: int = 0
    size: int = 0
    left: int = 0


class UnknownEvents(Exception):
    """A file has events that the database has not: a sentence."""


_old = query(
    lambda first, last, before: (
        Event.select(Event.id, Event.environment, Event.sha256, Event.received_at, Event.body)
        .where((Event.id >= first) & (Event.id <= last) & (Event.received_at < before))
        .order_by(Event.id)
    ),
    takes=OldEvents,
    gives=StoredEvent,
)
_replace = query(
    lambda body, environment, sha256: Event.update({Event.body: body}).where(
        (Event.environment == environment) & (Event.sha256 == sha256)
    ),
    takes=NewBody,
    gives=None,
)
_known = query(
    lambda environment, sha256: Event.select(Event.environment, Event.sha256).where(
        (Event.environment == environment) & (Event.sha256 == sha256)
    ),
    takes=EventKey,
    gives=EventKey,
)


async def archive(before: datetime, folder: Path, say: Say) -> Moved:
    """Of the events that were received before then. Raises OSError where a file cannot be written."""
    prepare(folder)
    moved = Moved()
    async for piece in pieces():
        whole = [it for it in await _old(OldEvents(*piece, before)) if _is_whole(it)]
        short = [(it, essence) for it in whole if len(essence := essence_of(it.body)) < len(it.body)]
        if short:
            write(folder, [ArchivedEvent(*it) for it, _ in short])
            await _write(NewBody(essence, it.environment, it.sha256) for it, essence in short)
        moved = Moved(
            moved.bodies + len(short),
            moved.size + sum(len(it.body) for it, _ in short),
            moved.left + sum(len(essence) for _, essence in short),
        )
        say(f"{moved.bodies} bodies moved; events up to number {piece.last} looked at")
    return moved


async def take_back(files: Sequence[Path], say: Say) -> int:
    """How many bodies. Raises Damaged or UnknownEvents, and has then changed nothing."""
    if not files:
        raise Damaged("there is no file of an archive.")
    for number, path in enumerate(files, 1):
        await _check(path)
        say(f"{number} of {len(files)} files read")
    taken = 0
    for number, path in enumerate(files, 1):
        for some in _batches(read(path)):
            await _write(NewBody(it.body, it.environment, it.sha256) for it in some)
            taken += len(some)
        say(f"{taken} bodies taken back; {number} of {len(files)} files")
    return taken


async def _check(path: Path) -> None:
    for some in _batches(read(path)):
        async with current().transaction():
            known = set(await _known.each([EventKey(it.environment, it.sha256) for it in some]))
        if unknown := [it for it in some if EventKey(it.environment, it.sha256) not in known]:
            raise UnknownEvents(
                f"{path} has events that this database has not, as {unknown[0].sha256} of {unknown[0].environment}: it"
                " was archived from another database."
            )


async def _write(bodies: Iterable[NewBody]) -> None:
    for some in _batches(bodies):
        async with current().transaction():
            await _replace.each(some)


def _batches(bodies: Iterable[Some]) -> Iterator[list[Some]]:
    some, size = list[Some](), 0
    for it in bodies:
        some.append(it)
        size += len(it.body)
        if len(some) == TOGETHER or size > BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _is_whole(it: StoredEvent) -> bool:
    """Not a snapshot's, of which nothing but the hash is kept, and not archived yet."""
    return hashlib.sha256(it.body).hexdigest() == it.sha256
