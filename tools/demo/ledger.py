"""A ledger for the demo: SQLite, on loopback, at a free port."""

import json
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .processes import running, wait_for_line
from .world import run


@dataclass(frozen=True)
class Ledger:
    url: str
    token: str
    flux_keys: dict[str, str]
    process: subprocess.Popen[bytes]


@contextmanager
def serve_ledger(
    program: Sequence[str], folder: Path, service: str, environments: Sequence[str], env: dict[str, str]
) -> Iterator[Ledger]:
    """Yield a ledger with one token, which may file releases of `service`, and a webhook key for each environment."""
    keys = {environment: secrets.token_hex(20) for environment in environments}
    settings = env | {
        "DATABASE_URL": f"sqlite:///{folder / 'ledger.db'}",
        "PORT": "0",
        "FLUX_KEYS": json.dumps(keys),
    }
    run([*program, "migrate"], settings)
    token = run([*program, "token", "create", "--scope", "releases:write", "--service", service], settings)
    log = folder / "ledger.log"
    with running([*program, "serve"], log, settings) as process:
        url = wait_for_line(process, log, r"(http://127\.0\.0\.1:[0-9]+)")
        yield Ledger(url, token, keys, process)
