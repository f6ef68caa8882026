"""Webhooks are signed: is this body signed with a key of the environment that its path names?

A signature does not name its key, so the path does. An unknown environment takes as long, and is answered, as a wrong
signature of a known one.
"""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from ..domain.signature import is_signed, parse_keys
from ..errors import NotFound, Unauthenticated

UNKNOWN = (os.urandom(32),)  # the keys of an unknown environment

log = logging.getLogger(__name__)


class FluxKeys:
    """The keys in force: those of a text, or of a file that is read again whenever it changes.

    Raises ValueError if they cannot be used at the start.
    """

    def __init__(self, source: str | Path) -> None:
        self._path = source if isinstance(source, Path) else None
        self._stamp = self._current_stamp()
        self._keys = parse_keys(self._path.read_bytes() if self._path else str(source))

    def __bool__(self) -> bool:
        return self._path is not None or bool(self._keys)

    def of(self, environment: str) -> tuple[bytes, ...]:
        """Of an unknown environment: a key that nobody has."""
        if self._path:
            self._refresh(self._path)
        return self._keys.get(environment, UNKNOWN)

    def _refresh(self, path: Path) -> None:
        """A file that cannot be used changes nothing: a mistake while keys change must not lock Flux out."""
        stamp = self._current_stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._keys = parse_keys(path.read_bytes())
            log.info("FLUX_KEYS_FILE has changed and was read again")
        except (OSError, ValueError) as error:
            log.error("FLUX_KEYS_FILE has changed and cannot be used, so the keys before stay in force: %s", error)

    def _current_stamp(self) -> tuple[int, int, int] | None:
        """What changes with the file; None: it cannot be read."""
        try:
            stat = os.stat(self._path) if self._path else None
        except OSError:
            return None
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino) if stat else None


def check_signature(keys: FluxKeys, environment: str, body: bytes, signatures: Sequence[str]) -> None:
    """`signatures`: every X-Signature of the request. Raises NotFound, or Unauthenticated."""
    if not keys:
        raise NotFound("This ledger takes no webhooks: it has no FLUX_KEYS.")
    if not is_signed(keys.of(environment), body, [it.encode() for it in signatures]):
        raise Unauthenticated(
            f"X-Signature is not the HMAC of this body with a key of {environment}.",
            "The Provider's Secret and FLUX_KEYS must hold the same key for the environment of the address.",
        )
