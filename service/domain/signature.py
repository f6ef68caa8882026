"""Signatures of webhooks, and the keys that make them.

Flux sends `X-Signature: sha256=<hex HMAC-SHA256 of the raw body>` (provider generic-hmac). Sources:
fluxcd/notification-controller internal/notifier/forwarder.go, docs/spec/v1beta3/providers.md.
"""

import hmac
import re
from collections.abc import Mapping

import msgspec

Keys = Mapping[str, tuple[bytes, ...]]  # environment -> its keys

SIGNATURE = re.compile(rb"sha256=([0-9a-f]{64})")
ENVIRONMENT = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
MINIMUM_BYTES = 16


def signed(key: bytes, body: bytes) -> str:
    """The hex digits of the signature."""
    return hmac.digest(key, body, "sha256").hex()


def is_signed(keys: tuple[bytes, ...], body: bytes, signatures: list[bytes]) -> bool:
    """True if there is one signature and one of the keys made it. How long it takes does not depend on which."""
    form = SIGNATURE.fullmatch(signatures[0]) if len(signatures) == 1 else None
    given = form[1] if form else b"0" * 64
    right = False
    for key in keys:
        right |= hmac.compare_digest(signed(key, body).encode(), given)
    return right and form is not None


def parse_keys(text: str | bytes) -> Keys:
    """From JSON: environment -> one key, or a list of one or two. Raises ValueError, whose message holds no key."""
    try:
        raw = msgspec.json.decode(text, type=dict[str, str | list[str]])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError('it must be JSON of the form {"environment": ["key", "the next key"]}') from None
    keys = {}
    for environment, given in raw.items():
        if not ENVIRONMENT.fullmatch(environment):
            raise ValueError(
                f"{environment!r} is not the name of an environment: lower-case letters, digits and dashes"
            )
        keys[environment] = tuple(key.encode() for key in ([given] if isinstance(given, str) else given))
        if not 1 <= len(keys[environment]) <= 2:
            raise ValueError(
                f"{environment} has {len(keys[environment])} keys: it must have one, or two while they change"
            )
        if any(len(key) < MINIMUM_BYTES for key in keys[environment]):
            raise ValueError(f"a key of {environment} is shorter than {MINIMUM_BYTES} bytes")
    every = [key for several in keys.values() for key in set(several)]
    if len(set(every)) < len(every):
        raise ValueError("two environments share a key, so each could report for the other")
    return keys
