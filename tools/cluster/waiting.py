"""Waiting for a condition, with a deadline and words for what was waited for."""

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
