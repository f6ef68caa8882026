"""How much one key may send, so that none can stop another: requests and bytes a minute, and places in all."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

MIB = 1024 * 1024
LARGEST = 4  # MiB a minute that must be allowed: one body of the largest size
_FORM = re.compile(r"([1-9][0-9]{0,8})/min, ([1-9][0-9]{0,5})MiB/min, ([1-9][0-9]{0,6}) places")


class Quota(NamedTuple):
    """`requests` and `bytes` a minute; so much may come at once, if nothing came for a minute."""

    requests: int
    bytes: int
    places: int


def parse_quota(text: str) -> Quota:
    """From `1200/min, 64MiB/min, 6000 places`. Raises ValueError for another form, or less than one body of the largest
    size."""
    form = _FORM.fullmatch(" ".join(text.split()))
    if form is None or int(form[2]) < LARGEST:
        raise ValueError(
            f"{text!r} is no quota: write it like `1200/min, 64MiB/min, 6000 places`, with at least {LARGEST}MiB/min"
        )
    return Quota(int(form[1]), int(form[2]) * MIB, int(form[3]))


@dataclass
class Allowance:
    """What is left of a quota at the time `at`, a monotonic one; and how often each part of it did not suffice."""

    quota: Quota
    requests: float
    bytes: float
    at: float
    refused: Counter[str] = field(default_factory=Counter)
    refused_at: datetime | None = None

    def take(self, size: int, now: float) -> str | None:
        """Takes a request with a body of `size`. What does not suffice: `requests`, `bytes`, and then nothing is
        taken."""
        minutes, self.at = (now - self.at) / 60, now
        self.requests = min(self.quota.requests, self.requests + minutes * self.quota.requests)
        self.bytes = min(self.quota.bytes, self.bytes + minutes * self.quota.bytes)
        if self.requests < 1:
            return "requests"
        if self.bytes < size:
            return "bytes"
        self.requests -= 1
        self.bytes -= size
        return None

    def charge(self, requests: int) -> None:
        """For work that was done already, also where so much is not left."""
        self.requests -= requests

    def refuse(self, cause: str, now: datetime) -> None:
        self.refused[cause] += 1
        self.refused_at = now


def full(quota: Quota, now: float) -> Allowance:
    return Allowance(quota, quota.requests, quota.bytes, now)
