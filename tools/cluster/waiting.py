"""Waiting for a condition, with a deadline and words for what was waited for."""

import re
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(what: str, check: Callable[[], T | None], seconds: float = 60, every: float = 0.2) -> T:
    """The first truthy answer of `check`, asked again and again.

    Raises RuntimeError with `what` and the last answer when there is none within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not (answer := check()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {seconds:.0f} s for {what}; the last answer was {answer!r}")
        time.sleep(every)
    return answer


def seconds_of(duration: str) -> float:
    """A duration as Kubernetes writes it: `1m`, `1h30m`, `250ms`."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)(ms|[hms])", duration))
