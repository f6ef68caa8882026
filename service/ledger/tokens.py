"""API tokens: create, list, revoke, and find the one that a client sends."""

import hmac
import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ..database import tables
from ..database.query import query
from ..domain.tokens import Token, generate, hashed, is_well_formed

REMEMBERED_SECONDS = 3.0  # a revocation on another replica works within 5 seconds
REMEMBERED_TOKENS = 1000


class TokenKey(NamedTuple):
    sha256: str


class TokenRow(NamedTuple):
    """The columns of `token`; `scopes` are separated by spaces."""

    id: int
    name: str
    sha256: str
    scopes: str
    service: str | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


_by_sha256 = query(
    lambda sha256: tables.Token.select(*TokenRow._fields).where(tables.Token.sha256 == sha256),
    takes=TokenKey,
    gives=TokenRow,
)
_remembered: dict[str, tuple[float, Token]] = {}


async def find(shown: str) -> Token | None:
    """The valid token that a client sent; None for a mistyped, unknown, expired or revoked one."""
    if not is_well_formed(shown):
        return None
    sha256, now = hashed(shown), time.monotonic()
    since, token = _remembered.get(sha256, (0.0, None))
    if token is None or now - since > REMEMBERED_SECONDS:
        token = await _look_up(sha256)
        if token is None:
            return None
        if len(_remembered) >= REMEMBERED_TOKENS:
            _remembered.clear()
        _remembered[sha256] = now, token
    return token if hmac.compare_digest(token.sha256, sha256) and token.is_live(datetime.now(UTC)) else None


async def create(name: str, scopes: tuple[str, ...], service: str | None, lifetime: timedelta) -> str:
    """Returns the token itself, which is not kept: it cannot be shown again."""
    secret, now = generate(), datetime.now(UTC)
    row = tables.Token(
        name=name,
        sha256=hashed(secret),
        scopes=" ".join(scopes),
        service=service,
        created_at=now,
        expires_at=now + lifetime,
    )
    await tables.Token.insert(row)
    return secret


async def every() -> list[Token]:
    return [_token(TokenRow(**row)) for row in await tables.Token.select(*TokenRow._fields).order_by(tables.Token.id)]


async def revoke(id: int) -> bool:
    """False when there is no such token; revoking one again changes nothing."""
    _remembered.clear()
    if not await tables.Token.exists().where(tables.Token.id == id):
        return False
    await tables.Token.update({tables.Token.revoked_at: datetime.now(UTC)}).where(
        (tables.Token.id == id) & tables.Token.revoked_at.is_null()
    )
    return True


async def _look_up(sha256: str) -> Token | None:
    rows = await _by_sha256(TokenKey(sha256))
    return _token(rows[0]) if rows else None


def _token(row: TokenRow) -> Token:
    return Token(**row._asdict() | {"scopes": tuple(row.scopes.split())})
