"""Webhooks are signed: is this body signed with a key of the environment that its path names?

A signature does not name its key, so the path does. An unknown environment takes as long, and is answered, as a wrong
signature of a known one.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from ..domain.signature import is_signed, parse_keys
from ..errors import NotFound, Unauthenticated
from .secret_file import SecretFile

UNKNOWN = (os.urandom(32),)  # the keys of an unknown environment


class FluxKeys:
    """The keys in force. Raises ValueError if they cannot be used at the start."""

    def __init__(self, source: str | Path) -> None:
        self._file = SecretFile(source, parse_keys, "FLUX_KEYS_FILE")

    def __bool__(self) -> bool:
        return self._file.path is not None or bool(self._file.content())

    def __contains__(self, environment: str) -> bool:
        return environment in self._file.content()

    def of(self, environment: str) -> tuple[bytes, ...]:
        """Of an unknown environment: a key that nobody has."""
        return self._file.content().get(environment, UNKNOWN)


def check_signature(keys: FluxKeys, environment: str, body: bytes, signatures: Sequence[str]) -> None:
    """`signatures`: every X-Signature of the request. Raises NotFound, or Unauthenticated."""
    if not keys:
        raise NotFound("This ledger takes no webhooks: it has no FLUX_KEYS.")
    if not is_signed(keys.of(environment), body, [it.encode() for it in signatures]):
        raise Unauthenticated(
            f"X-Signature is not the HMAC of this body with a key of {environment}.",
            "The Provider's Secret and FLUX_KEYS must hold the same key for the environment of the address.",
        )
