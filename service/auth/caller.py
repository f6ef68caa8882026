"""Who sends a request, however they proved it."""

from datetime import datetime

from msgspec import Struct


class Caller(Struct, frozen=True):
    """`name` is logged. `scopes` say what the caller may do; `service` None: it may write for any service. `expires_at`
    None: not known."""

    name: str
    scopes: tuple[str, ...]
    service: str | None
    expires_at: datetime | None = None

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def may_write(self, service: str) -> bool:
        return self.service in (None, service)
