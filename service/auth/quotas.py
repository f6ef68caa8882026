"""Quotas: whether a key, an environment's or a token, may send more now. Counted by each ledger for itself."""

import time
from datetime import UTC, datetime

from prometheus_client import Counter

from ..domain.quota import MIB, Allowance, Quota, full
from ..errors import TooMany

REFUSED = Counter(
    "waybill_quota_refused", "Requests over a quota, by key and by what did not suffice.", ["key", "cause"]
)
OF_A_REQUEST = 50  # entries that are derived anew, in some 10 ms
RETRY = {"Retry-After": "5"}


class Quotas:
    """`quota` is that of each key. A key is `environment/NAME`, or `token/` with the number or the declared name of
    one. It was proven before it is asked for, so there are few."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._allowances: dict[str, Allowance] = {}

    def take(self, key: str, size: int) -> None:
        """Raises TooMany. What was taken before stays."""
        cause = self.of(key).take(size, time.monotonic())
        if cause == "requests":
            raise self.refusal(key, cause, f"sent more than {self.quota.requests} requests a minute")
        if cause:
            raise self.refusal(key, cause, f"sent more than {self.quota.bytes // MIB} MiB a minute")

    def charge(self, key: str, read_again: int) -> None:
        """What comes late may let much be derived anew; so much of that counts as a request more."""
        self.of(key).charge(read_again // OF_A_REQUEST)

    def refusal(self, key: str, cause: str, what: str) -> TooMany:
        """Counts it. `what` follows the key's name."""
        self.of(key).refuse(cause, datetime.now(UTC))
        REFUSED.labels(key, cause).inc()
        return TooMany(
            f"{key.replace('/', ' ')} {what}.",
            "Send it again later; EVENT_QUOTA of the ledger says how much one key may send.",
            headers=RETRY,
        )

    def of(self, key: str) -> Allowance:
        if key not in self._allowances:
            self._allowances[key] = full(self.quota, time.monotonic())
        return self._allowances[key]
