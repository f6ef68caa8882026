"""API tokens: `wb_`, 30 random base62 characters (178 bits) and 6 of checksum, so that a typing error, and a secret
scanner's false positive, are detected without the database. Only the token's SHA-256 is kept, which is enough for a
secret of this size: no dictionary has it.
"""

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
FORM = re.compile(r"wb_([0-9A-Za-z]{30})([0-9A-Za-z]{6})")
SCOPES = ("releases:write", "read", "metrics")
LONGEST = timedelta(days=366)
_LIFETIME = re.compile(r"([1-9][0-9]{0,4})([hd])")


class Token(msgspec.Struct, frozen=True):
    """What a token may do, and until when. `service` None: writes releases of any service."""

    id: int
    name: str
    sha256: str
    scopes: tuple[str, ...]
    service: str | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


def generate() -> str:
    secret = "".join(secrets.choice(ALPHABET) for _ in range(30))
    return f"wb_{secret}{_checksum(secret)}"


def is_well_formed(token: str) -> bool:
    form = FORM.fullmatch(token)
    return form is not None and form[2] == _checksum(form[1])


def hashed(token: str) -> str:
    """Hex, as it is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def parse_scopes(given: Sequence[str]) -> tuple[str, ...]:
    """In the order of SCOPES, each once. Raises ValueError for an unknown one, or where none is given."""
    if unknown := sorted(set(given) - set(SCOPES)):
        raise ValueError(f"{', '.join(unknown)}: no such scope; there are {', '.join(SCOPES)}")
    if not given:
        raise ValueError(f"a token needs a scope: {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in given)


def parse_lifetime(text: str) -> timedelta:
    """From `90d` or `12h`. Raises ValueError for another form, and for more than LONGEST."""
    form = _LIFETIME.fullmatch(text)
    if form is None:
        raise ValueError(f"{text!r} is no lifetime; write a number of days or hours, as 90d or 12h")
    lifetime = timedelta(**{"h": {"hours": int(form[1])}, "d": {"days": int(form[1])}}[form[2]])
    if lifetime > LONGEST:
        raise ValueError(f"{text} is too long: a token is valid for at most {LONGEST.days}d, and then replaced")
    return lifetime


def check_name(name: str) -> None:
    """Raises ValueError for a name that a list or a log would not show as it is."""
    if len(name) > 100 or not name.isprintable():
        raise ValueError(f"{name!r} is no name for a token: at most 100 characters, all of them visible")


def _checksum(secret: str) -> str:
    number, digits = zlib.crc32(secret.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits
