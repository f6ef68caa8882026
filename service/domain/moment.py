"""Moments as people write them."""

import re
from datetime import UTC, datetime

FORM = re.compile(
    r"[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]{1,6})?)?([Zz]|[+ -]([01][0-9]|2[0-3]):?[0-5][0-9])?)?"
)
WORDS = "a date or a time, as 2026-01-02, 2026-01-02T03:04:05Z or 2026-01-02T03:04:05+02:00"


def parse_moment(text: str) -> datetime:
    """Without an offset it is UTC, and a date is the midnight that it begins with. A space may stand for `+`, as which
    an address has it. Raises ValueError, which says in words what is wanted."""
    try:
        if FORM.fullmatch(text):
            date, time = text[:10], text[11:].replace(" ", "+")
            moment = datetime.fromisoformat(f"{date}T{time.upper()}" if time else date)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"it must be {WORDS}")
