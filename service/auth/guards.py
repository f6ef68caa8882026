"""Who may send which request.

A handler says who: `public=True` for everybody, `scope="releases:write" | "read" | "metrics"`, or `scope="any"` for
every caller. One that says nothing is refused to everybody. Reading and metrics need a caller only with READS=token.

It runs before the body is read, and what it refuses is logged and counted like any answer. The application's
`before_request`, of which a handler has one, begins with it: for each of its own guards Litestar copies the whole
handler at each request, which is a tenth of what an event costs.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from litestar.connection import ASGIConnection, Request

from ..errors import Forbidden, Unauthenticated
from .caller import Caller
from .tokens import takes_password, token_caller

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
# Gives None where the request holds nothing of its kind, and raises Unauthenticated where that is wrong.
Authenticator: TypeAlias = Callable[[Connection], Awaitable[Caller | None]]

AUTHENTICATORS: tuple[Authenticator, ...] = (token_caller,)
BASIC, BEARER = 'Basic realm="Waybill", charset="UTF-8"', 'Bearer realm="Waybill"'
READING = ("read", "metrics")


async def guard(connection: Request[Any, Any, Any]) -> None:
    """Raises Unauthenticated or Forbidden. Afterwards `request.user` is the Caller, if one was needed."""
    marks = connection.route_handler.opt
    if marks.get("public"):
        return
    scope = marks.get("scope")
    if scope is None:
        raise Forbidden("Nobody may send this request.")
    if scope in READING and not connection.app.state.settings.reads_need_token:
        return
    try:
        caller = await _caller(connection)
    except Unauthenticated as error:
        error.headers["WWW-Authenticate"] = BASIC if takes_password(connection) else BEARER
        raise
    if scope != "any" and not caller.may(scope):
        raise Forbidden(f"This caller does not have the scope {scope}.", f"Use a token with the scope {scope}.")
    connection.scope["user"] = caller


async def _caller(connection: Connection) -> Caller:
    for authenticate in AUTHENTICATORS:
        if caller := await authenticate(connection):
            return caller
    raise Unauthenticated(
        "This request needs a token.",
        "Send `Authorization: Bearer wb_...`; `waybill-service token create` makes a token.",
    )


def check_writer(caller: Caller, service: str) -> None:
    """Raises Forbidden unless the caller may write for `service`."""
    if not caller.may_write(service):
        raise Forbidden(
            f"This caller may not write for {service}.", f"Use a token that was created for {service}, or for any."
        )
