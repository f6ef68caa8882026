"""Callers with a token: of `waybill-service token create`, or declared in the setting TOKENS.

As `Authorization: Bearer`, or as the password of HTTP Basic, which lets a browser read. Basic is for reading alone: a
browser also sends it with forms of other sites.
"""

import base64
import binascii
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from litestar.connection import ASGIConnection

from ..domain.tokens import DeclaredToken, hashed, is_well_formed, parse_declared
from ..errors import Unauthenticated
from ..ledger import tokens
from .caller import Caller
from .secret_file import SecretFile


class DeclaredTokens:
    """Those in force. Raises ValueError if they cannot be used at the start."""

    def __init__(self, source: str | Path) -> None:
        self._file = SecretFile(source, parse_declared, "TOKENS_FILE")

    def every(self) -> list[DeclaredToken]:
        return list(self._file.content().values())

    def find(self, shown: str) -> DeclaredToken | None:
        """None for one that is mistyped, not declared, or expired."""
        found = self._file.content().get(hashed(shown)) if is_well_formed(shown) else None
        return found if found and datetime.now(UTC) < found.expires_at else None


def takes_password(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether HTTP Basic may be used: the request reads."""
    return connection.scope.get("method") in ("GET", "HEAD")


async def token_caller(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller | None:
    """None without a token. Raises Unauthenticated for one that is not valid."""
    secret = _secret(connection.headers.get("authorization", ""), basic=takes_password(connection))
    if secret is None:
        return None
    declared: DeclaredToken | None = connection.app.state.tokens.find(secret)
    if declared:
        it = declared
        return Caller(f"token/{it.name}", it.name, it.scopes, it.service, it.expires_at)
    token = await tokens.find(secret)
    if token is None:
        raise Unauthenticated(
            "The token is mistyped, unknown, expired or revoked.",
            "`waybill-service token list` shows the tokens; `waybill-service token create` makes a new one.",
        )
    return Caller(f"token/{token.id}", token.name, token.scopes, token.service, token.expires_at)


def _secret(authorization: str, *, basic: bool) -> str | None:
    kind, _, value = authorization.partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic" and basic:
        return _password(value.strip())
    return None


def _password(credentials: str) -> str:
    """Empty where they cannot be read: they were given, and are wrong."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
