"""What long work says of itself, now and then."""

import time
from collections.abc import Callable

Say = Callable[[str], None]
SECONDS = 5.0  # between two


def now_and_then(say: Say) -> Say:
    """Says the first of what comes within some seconds, and not the rest."""
    last = time.monotonic()

    def one(text: str) -> None:
        nonlocal last
        if time.monotonic() - last > SECONDS:
            last = time.monotonic()
            say(text)

    return one


def silence(_: str) -> None:
    """For work that nobody watches."""
