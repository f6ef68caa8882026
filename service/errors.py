"""Errors as clients get them: problem details of RFC 9457, one form for all."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import msgspec

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
CURRENT_REQUEST: ContextVar[str | None] = ContextVar("current_request", default=None)


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every error. `errors`: each parameter that is wrong, and how; `differs`: the fields that differ from
    the filed release; `request_id`: the answer's X-Request-Id, which the log lines of the request have too."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    remedy: str | None = None
    errors: list[str] = []
    differs: list[str] = []
    request_id: str | None = msgspec.field(default_factory=CURRENT_REQUEST.get)


class Refused(Exception):
    """A request that is refused. `detail` and `remedy` are whole sentences and hold no secret."""

    status = 400
    title = "Bad Request"

    def __init__(
        self, detail: str, remedy: str | None = None, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.headers = dict(headers or {})
        self.problem = Problem(title=self.title, status=self.status, detail=detail, remedy=remedy, **more)


class Unauthenticated(Refused):
    status = 401
    title = "Unauthorized"


class Forbidden(Refused):
    status = 403
    title = "Forbidden"


class NotFound(Refused):
    status = 404
    title = "Not Found"


class TooSlow(Refused):
    status = 408
    title = "Request Timeout"


class Conflict(Refused):
    status = 409
    title = "Conflict"


class UriTooLong(Refused):
    status = 414
    title = "URI Too Long"


class WrongMediaType(Refused):
    status = 415
    title = "Unsupported Media Type"


class Unprocessable(Refused):
    status = 422
    title = "Unprocessable Content"


class TooMany(Refused):
    status = 429
    title = "Too Many Requests"


class HeadTooLarge(Refused):
    status = 431
    title = "Request Header Fields Too Large"


class Unavailable(Refused):
    """Nothing is wrong with the request; the same one may be sent again."""

    status = 503
    title = "Service Unavailable"


def try_again(detail: str) -> Unavailable:
    """For what is soon over."""
    return Unavailable(detail, "Send the same request again in a moment.", headers={"Retry-After": str(RETRY_SECONDS)})
