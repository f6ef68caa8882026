"""How pages say times, durations, digests and numbers."""

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ..domain.forms import INVISIBLE

UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))  # seconds, name


def visible(value: object) -> object:
    """Text of others as a page shows it. What is HTML already was made of such text."""
    return INVISIBLE.sub("\ufffd", value) if type(value) is str and not value.isprintable() else value


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def iso(at: datetime) -> str:
    """As the attribute of a <time> has it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def second(at: datetime) -> str:
    return f"{minute(at)}:{at.second:02}"


def minute(at: datetime) -> str:
    return f"{DAYS[at.astimezone(UTC).weekday()]} {brief(at)}"


def brief(at: datetime) -> str:
    """Without the day of the week; with the year, if that is not this one."""
    at = at.astimezone(UTC)
    year = "" if at.year == datetime.now(UTC).year else f" {at.year}"
    return f"{at.day} {MONTHS[at.month - 1]}{year} {at.hour:02}:{at.minute:02}"


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
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def https(text: str | None) -> str | None:
    """The address, if a browser may be sent there; what was filed is text, not a link to trust."""
    if not text:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme == "https" and parts.hostname and not parts.username else None


def pull(url: str) -> str:
    """What a proposal's address is called: `pull request 7`."""
    number = re.search(r"/([0-9]{1,12})/?$", url)
    return f"pull request {number[1]}" if number else "pull request"
