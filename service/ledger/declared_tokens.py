"""Declares a token in a file for the setting TOKENS_FILE."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from ..database.files import finished
from ..domain.tokens import DeclaredToken, generate, hashed, parse_declared


def declare(file: Path, name: str, scopes: tuple[str, ...], service: str | None, lifetime: timedelta) -> str:
    """Adds it to `file`, which is made if it is not there, and returns the token itself, which is not kept.

    Raises OSError, or ValueError where `file` or `name` is none; then nothing was changed.
    """
    secret, until = generate(), (datetime.now(UTC) + lifetime).replace(microsecond=0)
    known = parse_declared(file.read_bytes()) if file.exists() else {}
    every = [*known.values(), DeclaredToken(name, hashed(secret), scopes, until, service)]
    text = json.dumps(msgspec.to_builtins(every), indent=2) + "\n"
    parse_declared(text)
    with finished(file) as unfinished:
        unfinished.write_text(text)
    return secret
