"""Who sends a request, however they proved it."""

from datetime import datetime

from msgspec import Struct


class Caller(Struct, frozen=True):
    """`key` tells callers apart, `name` is logged. `scopes` say what it may do; `service` None: writes for any.
    `expires_at` None: not known."""

    key: str
    name: str
    scopes: tuple[str, ...]
    service: str | None
    expires_at: datetime | None = None

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def may_write(self, service: str) -> bool:
        return self.service in (None, service)
