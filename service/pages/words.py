"""How pages say times, durations, digests and numbers."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))  # seconds, name


def clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def ago(at: datetime, now: datetime) -> str:
    """A moment before `now`, in its largest unit."""
    seconds = int((now - at).total_seconds())
    return "just now" if seconds < 10 else f"{_largest(seconds)} ago"


def span(began: datetime, ended: datetime) -> str:
    """A duration in its two largest units."""
    seconds = max(0, int((ended - began).total_seconds()))
    for size, name in UNITS:
        if seconds >= size:
            rest = seconds % size
            return f"{seconds // size} {name}" + (f" {_largest(rest)}" if rest >= 60 else "")
    return "0 s"


def _largest(seconds: int) -> str:
    return next((f"{seconds // size} {name}" for size, name in UNITS if seconds >= size), "0 s")


def short(text: str) -> str:
    """The first 12 hex of a digest or commit, which is enough to find it by."""
    return text.removeprefix("sha256:")[:12]


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def https(text: str | None) -> str | None:
    """The address, if a browser may be sent there; what was filed is text, not a link to trust."""
    if not text:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme == "https" and parts.hostname and not parts.username else None
