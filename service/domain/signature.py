"""The HMAC door: is this body signed by the environment that its path names?

Flux signs `X-Signature: sha256=<hex HMAC-SHA256 of the raw body>` (generic-hmac provider); there is no key
id, so the path picks the keys. An unknown environment costs and answers exactly as a wrong signature does.
Sources: fluxcd/notification-controller internal/notifier/forwarder.go, docs/spec/v1beta3/providers.md.
"""

import hmac
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

Keys = Mapping[str, tuple[bytes, ...]]

NOBODYS_KEYS = (os.urandom(32),)
SIGNATURE = re.compile(rb"sha256=([0-9a-f]{64})")
ENVIRONMENT = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
MINIMUM_BYTES = 16

log = logging.getLogger(__name__)


def signed(key: bytes, body: bytes) -> str:
    """The hex digits of the signature."""
    return hmac.digest(key, body, "sha256").hex()


def is_signed(keys: tuple[bytes, ...], body: bytes, signatures: list[bytes]) -> bool:
    """True when the only signature given is right under one of the keys. Time does not depend on which."""
    form = SIGNATURE.fullmatch(signatures[0]) if len(signatures) == 1 else None
    given = form[1] if form else b"0" * 64
    right = False
    for key in keys:
        right |= hmac.compare_digest(signed(key, body).encode(), given)
    return right and form is not None


def parse_keys(text: str | bytes) -> Keys:
    """From JSON, environment to one key or a list of one or two. Raises ValueError, never showing a key."""
    try:
        raw = msgspec.json.decode(text, type=dict[str, str | list[str]])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError('not of the form {"environment": ["key", "the next key"]}') from None
    keys = {}
    for environment, given in raw.items():
        if not ENVIRONMENT.fullmatch(environment):
            raise ValueError(f"{environment!r} is no environment's name: lower-case letters, digits and dashes")
        keys[environment] = tuple(key.encode() for key in ([given] if isinstance(given, str) else given))
        if not 1 <= len(keys[environment]) <= 2:
            raise ValueError(f"{environment} has {len(keys[environment])} keys; one, or two while they change")
        if any(len(key) < MINIMUM_BYTES for key in keys[environment]):
            raise ValueError(f"a key of {environment} is shorter than {MINIMUM_BYTES} bytes")
    every = [key for several in keys.values() for key in set(several)]
    if len(set(every)) < len(every):
        raise ValueError("two environments share a key, so one could speak for the other")
    return keys


class FluxKeys:
    """The keys in force: fixed, or those of a file that is read again whenever it changes."""

    def __init__(self, text: str | None = None, path: Path | None = None) -> None:
        self._path = path
        self._seen = self._stamp()
        self._keys = parse_keys(text or self._read())

    def __bool__(self) -> bool:
        return self._path is not None or bool(self._keys)

    def of(self, environment: str) -> tuple[bytes, ...]:
        """The environment's keys; a key that nobody knows for an unknown one."""
        if self._path:
            self._refresh()
        return self._keys.get(environment, NOBODYS_KEYS)

    def _refresh(self) -> None:
        """A file that cannot be used changes nothing: a slip in a rotation must not lock Flux out."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._keys = parse_keys(self._read())
            log.info("flux keys read again")
        except ValueError as error:
            log.error("flux keys not changed: %s", error)

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes() if self._path else b"{}"
        except OSError as error:
            raise ValueError(f"cannot read {self._path}: {error.strerror}") from None

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            stat = os.stat(self._path) if self._path else None
        except OSError:
            return None
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino) if stat else None
