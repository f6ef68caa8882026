"""How much of the processor a running ledger needs."""

import time

from .replica import Replica

ATTEMPTS = 30


def processor_seconds(it: Replica, path: str, enough: float) -> float:
    """What the ledger needs for a page: the least of some times, since other programs disturb; the first that is
    `enough`."""
    clock, best = (~it.process.pid << 3) | 2, float("inf")  # Linux's clock of another process's processor time
    with it.http() as http:
        for _ in range(ATTEMPTS):
            before = time.clock_gettime(clock)
            http.get(path, headers={"Accept-Encoding": "gzip"})
            best = min(best, time.clock_gettime(clock) - before)
            if best < enough:
                break
    return best
