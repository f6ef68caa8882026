"""The settings of a ledger, from the environment; it refuses to start half-configured.

Every secret NAME can lie in a file that NAME_FILE names instead.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .database.piccolo_conf import engine_for
from .domain.signature import FluxKeys


class SettingsError(Exception):
    """What is wrong with which setting, for the person who starts the ledger."""


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    meaning: str


SETTINGS = (
    Setting(
        "DATABASE_URL",
        "sqlite:///waybill.db",
        "`sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user:password@host/name`. "
        "DATABASE_URL_FILE names a file that holds it.",
    ),
    Setting("HOST", "127.0.0.1", "The address to listen on."),
    Setting("PORT", "8080", "The port to listen on; 0 takes a free one."),
    Setting(
        "READS",
        "public",
        "`public`: anyone may read. `token`: reading needs a token, metrics one with that scope.",
    ),
    Setting(
        "DRAIN_SECONDS",
        "0",
        "How long it answers on after SIGTERM while `/readyz` says 503: as long as what balances the load needs to "
        "notice. The chart sets it.",
    ),
    Setting(
        "FLUX_KEYS",
        "",
        'JSON, environment to one or two keys of at least 16 bytes: `{"staging": ["..."]}`. '
        "FLUX_KEYS_FILE names a file that holds it, read again when it changes. "
        "Without either, the hooks answer 404.",
    ),
)


@dataclass(frozen=True)
class Settings:
    database_url: str
    host: str
    port: int
    reads_need_token: bool
    flux_keys: FluxKeys
    drain_seconds: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Raises SettingsError for the first setting that cannot be used."""
        value = {it.name: environment.get(it.name) or it.default for it in SETTINGS}
        reads = value["READS"]
        if reads not in ("public", "token"):
            raise SettingsError(f"READS is {reads!r}; it must be public or token")
        port = _number("PORT", value["PORT"], 65535)
        drain = _number("DRAIN_SECONDS", value["DRAIN_SECONDS"], 600)
        url = secret("DATABASE_URL", environment) or value["DATABASE_URL"]
        try:
            engine_for(url)
        except ValueError as error:  # the value may hold a password: say what is wrong without it
            raise SettingsError(f"DATABASE_URL is {error}") from None
        try:
            keys = _flux_keys(environment)
        except ValueError as error:
            raise SettingsError(f"FLUX_KEYS: {error}") from None
        return cls(url, value["HOST"], port, reads == "token", keys, drain)


def _number(name: str, text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise SettingsError(f"{name} is {text!r}; it must be a number up to {most}")
    return int(text)


def _flux_keys(environment: Mapping[str, str]) -> FluxKeys:
    path = environment.get("FLUX_KEYS_FILE")
    text = environment.get("FLUX_KEYS")
    if path and text:
        raise SettingsError("FLUX_KEYS and FLUX_KEYS_FILE are both set; set one")
    return FluxKeys(text, Path(path) if path else None)


def secret(name: str, environment: Mapping[str, str]) -> str | None:
    """The value of `name`, or of the file that NAME_FILE names; None when neither is set."""
    path = environment.get(f"{name}_FILE")
    if not path:
        return environment.get(name)
    if environment.get(name):
        raise SettingsError(f"{name} and {name}_FILE are both set; set one")
    try:
        return Path(path).read_text().strip()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{name}_FILE: cannot read {path}: {error}") from None
