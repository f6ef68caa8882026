"""The history: one stream of all that occurred, newest first.

Arrivals are rows of `arrival`; all else is in `history`, which the projection writes with them. Both are ordered by
position and environment, which are the cursor. Whether an image or a chart is another than the filed release's is
judged when reading, since a release may be filed after it arrived: so such a row may give no item.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from ..domain import images
from ..domain.name_range import NameRange
from ..domain.occurrence import Evidence
from ..domain.place import OlderRules, standing_in
from ..domain.signature import ENVIRONMENT
from ..domain.stages import Stage, members
from ..domain.state import Images, Running, State
from .arrivals.list import BEGINNING
from .environments.place import Mismatch, mismatches_of
from .events.statements import SOURCES, detail_in
from .history_rows import HistoryFilter, HistoryRow, position_of, rows_before, silences
from .match import FiledRow, moment, release_of, released_images
from .page import Page

Kind = Literal[
    "arrived",
    "failed",
    "rolled_back",
    "progressing",
    "recovered",
    "drifted",
    "blocked",
    "unblocked",
    "reconfigured",
    "removed",
    "unmanaged",
    "suspended",
    "silent",
    "heard",
    "forgotten",
    "proposed",
    "mismatched",
    "contested",
]
KINDS: tuple[str, ...] = get_args(Kind)
# `m`: after what was mismatched when an arrival began, before that arrival.
CURSOR = re.compile(rf"[0-9a-f]{{97}}m?\.{ENVIRONMENT.pattern}")
FAILURES = ("failed", "drifted", "rolled_back")  # what a release is told to have gone through
PICKED = 8  # pages of all that are looked at for one of a group
SCANNED, ROUNDS = 200, 2  # rows that are looked at for those that are mismatched, and how often


class HistoryDigests(Struct, frozen=True):
    """`chart`: as Flux reported it, else as it was filed. `images`: those of the filed release, by name; none
    where the place said that it does not run them."""

    chart: str | None
    images: dict[str, str]


class HistoryItem(Struct, frozen=True):
    """`version` is what it is about: what arrived, failed, was rolled back, and so on; null: it is not known, or it is
    of the whole environment, as `place` null is. `to`: what runs again after a roll back. `cause`: Flux's reason, or a
    proposal's kind. `source`: event | snapshot | filing | silence | operator, `basis` as of arrivals. `url`: a path of
    the ledger that tells more; `proposal` the address of a pull request. `range`: of a silence, the names that it is
    of; null: the whole environment."""

    id: str
    when: datetime
    kind: Kind
    environment: str
    place: str | None
    service: str | None
    version: str | None
    build: str | None
    to: str | None
    known: bool
    digests: HistoryDigests
    mismatches: list[Mismatch]
    cause: str | None
    message: str
    source: str
    basis: str | None
    proposal: str | None
    url: str
    range: NameRange | None = None


_evidence = msgspec.json.Decoder(Evidence).decode


async def history(
    wanted: HistoryFilter, cursor: str | None = None, limit: int = 50, silent_after: int = 0
) -> Page[HistoryItem]:
    """What occurred, newest first. A page that has fewer items than `limit` may still have a next one."""
    position, before, resumed = _start(wanted, cursor)
    silent = await silences(wanted, silent_after)
    more = SCANNED if wanted.kind == "mismatched" else limit + 1
    found = list[tuple[str, HistoryItem]]()
    for _ in range(ROUNDS):
        rows = await rows_before(wanted, position, before, more, silent)
        found += [each for row in rows for each in _items(row, wanted.kind) if each[0] != resumed]
        if len(found) > limit:
            return Page([item for _, item in found[:limit]], found[limit - 1][0])
        if len(rows) < more:
            return Page([item for _, item in found], None)
        position, before = rows[-1].position, rows[-1].environment
    return Page([item for _, item in found], f"{position}.{before}")


async def history_of_stage(
    wanted: HistoryFilter, stages: Sequence[Stage], cursor: str | None, limit: int, silent_after: int
) -> Page[HistoryItem]:
    """As `history`; its environment may be a group, whose history is picked from that of all: a page of it may be
    shorter or longer."""
    group = members(stages, wanted.environment)
    if group is None:
        return await history(wanted, cursor, limit, silent_after)
    picked = list[HistoryItem]()
    for _ in range(PICKED):
        page = await history(wanted._replace(environment=None), cursor, limit, silent_after)
        picked += [it for it in page.items if it.environment in group]
        cursor = page.next
        if cursor is None or len(picked) >= limit / 2:
            break
    return Page(picked, cursor)


def _start(wanted: HistoryFilter, cursor: str | None) -> tuple[str, str, str | None]:
    """The position and the environment below which rows are, and the item among them that was given already."""
    position, _, environment = (cursor or BEGINNING).partition(".")
    resumed = cursor if position.endswith("m") else None
    if resumed:  # the row itself is read again; a space sorts before all that a name may go on with
        position, environment = position[:-1], f"{environment} "
    ends = position_of(wanted.ends) if wanted.ends else position
    return (ends, "", None) if ends < position else (position, environment, resumed)


def _items(row: HistoryRow, kind: str | None) -> Iterator[tuple[str, HistoryItem]]:
    """What a row tells, newest first, each with its cursor."""
    cursor = f"{row.position}.{row.environment}"
    if row.kind == "mismatched":
        if found := _found_later(row):
            yield cursor, _item(row, row.kind, found)
        return
    if row.state is None:
        yield cursor, _item(row, row.kind)
        return
    standing = standing_in(row.state)
    if standing is None:
        raise OlderRules
    state = standing.lanes[0].state
    running = state.running
    row = row._replace(basis=running.basis if running else None)
    if kind != "arrived" and running and (found := _judged(row, running, state)):
        yield f"{row.position}m.{row.environment}", _item(row, "mismatched", found)
    if kind != "mismatched":
        yield cursor, _item(row, "arrived")


def _found_later(row: HistoryRow) -> list[Mismatch]:
    evidence = _evidence(row.detail or "{}")
    running = Running(row.version or "", row.at, row.basis or "")
    seen = Images(row.at, evidence.seen) if evidence.seen else None
    return _judged(row, running, State(running, intended=evidence.intended, images=seen))


def _judged(row: HistoryRow, running: Running, state: State) -> list[Mismatch]:
    if row.document is None:
        return []
    seen = images.judged(state.images.seen, released_images(row.document)) if state.images else []
    return mismatches_of(running, state, FiledRow(row.filed_service, row.published, row.document), seen)


def failure(row: HistoryRow) -> HistoryItem:
    """Of a row of FAILURES."""
    return _item(row, row.kind)


def _item(row: HistoryRow, kind: Any, mismatches: Sequence[Mismatch] = ()) -> HistoryItem:
    release = release_of(
        row.filed_service,
        row.version or "",
        row.build,
        row.document,
        mismatched=bool(mismatches),
        overridden=bool(row.overridden),
    )
    detail = detail_in(row.detail)
    return HistoryItem(
        id=str(uuid5(UUID(row.position[-32:]), f"{row.environment} {kind} {row.at}")),
        when=moment(row.at),
        kind=kind,
        environment=row.environment,
        place=row.place,
        service=row.service,
        version=row.version,
        build=row.build,
        to=detail.to,
        known=release.known,
        digests=HistoryDigests(row.chart_digest or row.published, release.images),
        mismatches=list(mismatches),
        cause=row.cause,
        message=row.message or "",
        source=row.source or SOURCES[row.basis or "event"],
        basis=row.basis,
        proposal=detail.url,
        url=release.url or _of_environment(row),
        range=detail.range,
    )


def _of_environment(row: HistoryRow) -> str:
    path = f"/environments/{row.environment}"
    return f"{path}/arrivals?service={row.service}" if row.service else path
