"""Files that are whole under their name or not there at all, also after a crash."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = ".unfinished"


@contextmanager
def finished(target: Path) -> Iterator[Path]:
    """The path to write to; afterwards the content is on the disk, as `target`. After an error nothing is left."""
    unfinished = Path(f"{target}{UNFINISHED}")
    unfinished.unlink(missing_ok=True)
    try:
        yield unfinished
        _sync(unfinished)
        unfinished.rename(target)
        _sync(target.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
