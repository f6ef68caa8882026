"""Who sends a request, however they proved it."""

from msgspec import Struct


class Caller(Struct, frozen=True):
    """`key` tells callers apart, `name` is logged. `scopes` say what it may do; `service` None: writes for any."""

    key: str
    name: str
    scopes: tuple[str, ...]
    service: str | None

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def may_write(self, service: str) -> bool:
        return self.service in (None, service)
