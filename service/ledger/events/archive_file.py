"""Files of an archive: compressed with gzip, after the first line for each event a line of JSON, its body as it came,
and the end of a line."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from ...database.files import UNFINISHED, finished

FIRST_LINE = b'{"archive": "events of a waybill ledger", "version": 1}\n'
SUFFIX = ".events.gz"
LONGEST_LINE, LONGEST_BODY = 10_000, 64 * 1024 * 1024


class ArchivedEvent(msgspec.Struct, frozen=True):
    id: int
    environment: str
    sha256: str
    received_at: datetime
    body: bytes


class _Line(msgspec.Struct):
    """What precedes a body of `size` bytes."""

    id: int
    environment: str
    sha256: str
    received_at: datetime
    size: int


class Damaged(Exception):
    """A file is none of an archive, or not as it was written."""


def write(folder: Path, events: Sequence[ArchivedEvent]) -> Path:
    """The same events make the same file, so that nothing is doubled by doing it again."""
    content = [FIRST_LINE]
    for it in events:
        line = _Line(it.id, it.environment, it.sha256, it.received_at, len(it.body))
        content += (msgspec.json.encode(line), b"\n", it.body, b"\n")
    sha256 = hashlib.sha256()
    for each in content:
        sha256.update(each)
    path = folder / f"{events[0].id:012d}-{events[-1].id:012d}-{sha256.hexdigest()[:16]}{SUFFIX}"
    with finished(path) as unfinished, unfinished.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
        file.writelines(content)
    return path


def read(path: Path) -> Iterator[ArchivedEvent]:
    """Raises Damaged, also after some events."""
    try:
        with gzip.open(path) as file:
            if file.readline(LONGEST_LINE) != FIRST_LINE:
                raise Damaged(f"{path} is no file of an archive.")
            while line := file.readline(LONGEST_LINE):
                yield _event(msgspec.json.decode(line, type=_Line), file, path)
    except (EOFError, gzip.BadGzipFile, zlib.error, msgspec.DecodeError):
        raise Damaged(f"{path} is damaged: restore it from another copy.") from None


def _event(it: _Line, file: gzip.GzipFile, path: Path) -> ArchivedEvent:
    body = file.read(min(it.size, LONGEST_BODY))
    if file.read(1) != b"\n" or hashlib.sha256(body).hexdigest() != it.sha256:
        raise EOFError
    return ArchivedEvent(it.id, it.environment, it.sha256, it.received_at, body)


def prepare(folder: Path) -> None:
    """Makes it, and clears away what a run that was ended left unfinished."""
    folder.mkdir(parents=True, exist_ok=True)
    for it in folder.glob(f"*{SUFFIX}{UNFINISHED}"):
        it.unlink()


def is_archive(path: Path) -> bool:
    """Whether it is a file of an archive, or a folder with some."""
    return path.name.endswith(SUFFIX) or (path.is_dir() and any(path.glob(f"*{SUFFIX}")))


def files_of(path: Path) -> list[Path]:
    """By the ids of their events."""
    return sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
