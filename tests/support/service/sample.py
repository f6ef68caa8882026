"""A ledger with the sample of tools/sample in it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tools.sample.fill import fill
from tools.sample.fleet import Fleet

from .replica import Replica, replica


@contextmanager
def sampled(folder: Path, fleet: Fleet, **settings: str) -> Iterator[Replica]:
    url = f"sqlite:///{folder / 'ledger.db'}"
    asyncio.run(fill(url, fleet, datetime.now(UTC)))
    keys = json.dumps({name: f"key-of-{name}-0123456789" for name in fleet.environments})
    with replica(url, folder / "log", ENVIRONMENTS=fleet.setting, FLUX_KEYS=keys, **settings) as it:
        yield it
