"""Who asks, and may they?

A handler says who may call it: `public=True` for anyone, or `scope="releases:write" | "read" | "metrics"`. One that
says neither is refused to everyone. Reading and metrics need a token only with READS=token. A browser may show the
token as the password of HTTP Basic, for reading alone: it would send it along with another site's forms too.

A guard and not a middleware: it runs before the body is read, and a refusal is logged and counted as one.
"""

import base64
import binascii
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from ..domain.tokens import Token
from ..errors import Forbidden, Unauthenticated
from ..ledger import tokens

READING = ("read", "metrics")


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Raises Unauthenticated or Forbidden; the caller's token is then `caller(scope)`."""
    if handler.opt.get("public"):
        return
    scope = handler.opt.get("scope")
    if scope is None:
        raise Forbidden("Nobody may ask this.")
    if scope in READING and not connection.app.state.settings.reads_need_token:
        return
    token = await _shown(connection.headers.get("authorization", ""), basic=scope in READING)
    if not token.may(scope):
        raise Forbidden(f"This token has not the scope {scope}.", f"Ask for a token with the scope {scope}.")
    connection.scope["user"] = token


def writer_of(service: str, token: Token) -> None:
    """Raises Forbidden unless the token may write for `service`."""
    if not token.may_write(service):
        raise Forbidden(f"This token may not write for {service}.", f"Use a token that was created for {service}.")


async def _shown(authorization: str, *, basic: bool) -> Token:
    kind, _, value = authorization.partition(" ")
    secret = None
    if kind.lower() == "bearer":
        secret = value.strip()
    elif kind.lower() == "basic" and basic:
        secret = _password(value.strip())
    token = await tokens.find(secret) if secret else None
    if token is None:
        raise Unauthenticated(
            "A live token is needed." if not authorization else "The token is mistyped, unknown, expired or revoked.",
            "Send `Authorization: Bearer wb_...`; `waybill-service token create` makes one.",
            headers={
                "WWW-Authenticate": 'Basic realm="Waybill", charset="UTF-8"' if basic else 'Bearer realm="Waybill"'
            },
        )
    return token


def _password(credentials: str) -> str | None:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None
