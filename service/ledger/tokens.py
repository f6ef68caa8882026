"""Tokens: made, listed, revoked, and found by what a client shows."""

import hmac
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from ..database.query import compiled
from ..database.tables import Token as Row
from ..domain.tokens import Token, generate, hashed, is_well_formed

REMEMBERED_SECONDS = 3.0  # a revocation on another replica works within 5 seconds
REMEMBERED_TOKENS = 1000
COLUMNS = (
    Row.id,
    Row.name,
    Row.sha256,
    Row.scopes,
    Row.service,
    Row.created_at,
    Row.expires_at,
    Row.revoked_at,
)

_by_sha256 = compiled(lambda sha256: Row.select(*COLUMNS).where(Row.sha256 == sha256))
_remembered: dict[str, tuple[float, Token]] = {}


async def find(shown: str) -> Token | None:
    """The live token that a client shows; None for a mistyped, unknown, expired or revoked one."""
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
    """Returns the token itself, which nobody can ask for again."""
    secret, now = generate(), datetime.now(UTC)
    row = Row(
        name=name,
        sha256=hashed(secret),
        scopes=" ".join(scopes),
        service=service,
        created_at=now,
        expires_at=now + lifetime,
    )
    await Row.insert(row)
    return secret


async def every() -> list[Token]:
    return [_token(tuple(row.values())) for row in await Row.select(*COLUMNS).order_by(Row.id)]


async def revoke(id: int) -> bool:
    """False when there is no such token; revoking one again changes nothing."""
    _remembered.clear()
    if not await Row.exists().where(Row.id == id):
        return False
    await Row.update({Row.revoked_at: datetime.now(UTC)}).where((Row.id == id) & Row.revoked_at.is_null())
    return True


async def _look_up(sha256: str) -> Token | None:
    rows = await _by_sha256(sha256)
    return _token(rows[0]) if rows else None


def _token(row: Any) -> Token:
    id, name, sha256, scopes, service, *times = row
    return Token(id, name, sha256, tuple(scopes.split()), service, *times)
