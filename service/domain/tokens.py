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
from datetime import UTC, datetime, timedelta

import msgspec

from .forms import is_label

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
FORM = re.compile(r"wb_([0-9A-Za-z]{30})([0-9A-Za-z]{6})")
SCOPES = ("releases:write", "read", "metrics")
LONGEST = timedelta(days=366)
CLOCKS_DIFFER = timedelta(days=1)  # between who declares a token and who reads it
_HASH = re.compile(r"[0-9a-f]{64}")
_DECLARED_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_LIFETIME = re.compile(r"([1-9][0-9]{0,4})([hd])")


class DeclaredToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A token of the setting TOKENS, in no database. `sha256`: of the token, in hex; `service` None: of any."""

    name: str
    sha256: str
    scopes: tuple[str, ...]
    expires_at: datetime
    service: str | None = None


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
    if len(name) > 100 or not name.isprintable() or not name.strip():
        raise ValueError(f"{name!r} is no name for a token: 1 to 100 characters, all of them visible")


def parse_declared(text: str | bytes) -> dict[str, DeclaredToken]:
    """By hash. From JSON: a list of them. Raises ValueError, whose message holds no hash."""
    try:
        given = msgspec.json.decode(text, type=list[DeclaredToken])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(
            'it must be JSON of the form [{"name": "ci", "sha256": "64 hex digits", "scopes": ["releases:write"], '
            f'"service": "orders", "expires_at": "2027-01-31T00:00:00Z"}}], and is not: {error}'
        ) from None
    for number, it in enumerate(given, 1):
        if not _DECLARED_NAME.fullmatch(it.name):
            raise ValueError(f"the name of token {number} is none: a lower-case letter, then letters, digits, dashes")
        try:
            _check_declared(it)
        except ValueError as error:
            raise ValueError(f"{it.name}: {error}") from None
    if len({it.name for it in given}) < len(given):
        raise ValueError("two tokens have one name: a name says in logs and limits which token it was")
    if len({it.sha256 for it in given}) < len(given):
        raise ValueError("two tokens have one sha256, so nobody could say which of them may what")
    return {it.sha256: it for it in given}


def _check_declared(it: DeclaredToken) -> None:
    if not _HASH.fullmatch(it.sha256):
        raise ValueError("sha256 is not 64 digits 0-9 a-f; it is the hash of the token, never the token")
    if it.service is not None and not is_label(it.service):
        raise ValueError("service is not the name of a service: lower-case letters, digits and dashes")
    if it.expires_at.tzinfo is None:
        raise ValueError("expires_at has no time zone: write it like 2027-01-31T00:00:00Z")
    if it.expires_at > datetime.now(UTC) + LONGEST + CLOCKS_DIFFER:
        raise ValueError(f"expires_at is more than {LONGEST.days} days ahead; a token is replaced by then")
    parse_scopes(it.scopes)


def _checksum(secret: str) -> str:
    number, digits = zlib.crc32(secret.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits
