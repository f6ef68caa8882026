"""Waits for a condition or for an end of change, with a deadline and words for what is waited for."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(what: str, check: Callable[[], T | None], seconds: float = 240, every: float = 0.2) -> T:
    """The first truthy answer of `check`, asked again and again.

    Raises RuntimeError with `what` and the last answer when there is none within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not (answer := check()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {seconds:.0f} s for {what}; the last answer was {answer!r}")
        time.sleep(every)
    return answer


def wait_until_steady(
    what: str, read: Callable[[], T], still: float = 2, seconds: float = 240, every: float = 0.2
) -> T:
    """The answer of `read` as soon as it has been the same for `still` seconds.

    Raises RuntimeError with `what` and the last answer when it goes on changing for `seconds`.
    """
    deadline = time.monotonic() + seconds
    answer, since = read(), time.monotonic()
    while time.monotonic() - since < still:
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {seconds:.0f} s for {what} to be steady; the last answer was {answer!r}")
        time.sleep(every)
        if (now := read()) != answer:
            answer, since = now, time.monotonic()
    return answer
