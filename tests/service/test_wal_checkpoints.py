"""SQLite's log is written to its file beside the writes, and begins anew while they go on."""

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from bench import fill
from service.database import wal_checkpoints
from service.database.sqlite import EmbeddedSQLite
from service.database.tables import Event
from service.ledger.events import take as events

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("backend", [pytest.param("sqlite", marks=pytest.mark.sqlite)]),
]
TOGETHER, AT_MOST = 16, 100  # events of a batch; batches


@pytest.fixture
def engine(database: EmbeddedSQLite, monkeypatch: pytest.MonkeyPatch) -> EmbeddedSQLite:
    """SQLite's own checkpoints are off, and those beside the writes come often."""
    monkeypatch.setattr(wal_checkpoints, "ROWS", 50)
    writer = database.started.writer
    writer.raw.execute("PRAGMA wal_autocheckpoint=0")
    writer.wal_checkpoints._due = 0
    return database


def salt(engine: EmbeddedSQLite) -> int:
    """Of the log's header, what is another number each time that it begins anew:
    https://www.sqlite.org/fileformat2.html#the_write_ahead_log"""
    return int.from_bytes(Path(f"{engine.path}-wal").read_bytes()[12:16])


async def take(numbers: Iterator[int]) -> None:
    await asyncio.gather(*(events.take(fill.signed(next(numbers))) for _ in range(TOGETHER)))


async def test_the_log_begins_anew_while_writes_go_on(engine: EmbeddedSQLite) -> None:
    numbers, begun = count(), {salt(engine)}
    for _ in range(AT_MOST):
        await take(numbers)
        begun.add(salt(engine))
        if len(begun) > 2:
            break
    assert len(begun) > 2
    assert await Event.count() == next(numbers)


async def test_what_is_written_is_kept_also_where_no_checkpoint_succeeds(engine: EmbeddedSQLite) -> None:
    engine.started.writer.wal_checkpoints._own.close()
    numbers = count()
    for _ in range(5):
        await take(numbers)
    assert await Event.count() == 5 * TOGETHER
