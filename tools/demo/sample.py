"""A ledger that is filled with the small sample, instead of by a journey."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ..sample.fill import fill
from ..sample.fleet import SMALL
from . import world
from .journey import tell
from .ledger import Ledger, serve_ledger


@contextmanager
def open_sample(folder: Path, service: Sequence[str]) -> Iterator[Ledger]:
    tell("A ledger is filled with half a year of 6 services in 3 environments")
    asyncio.run(fill(f"sqlite:///{folder / 'ledger.db'}", SMALL, datetime.now(UTC)))
    env = world.environment(folder) | {"ENVIRONMENTS": SMALL.setting}
    with serve_ledger(service, folder, SMALL.services[0], SMALL.environments, env) as ledger:
        yield ledger
