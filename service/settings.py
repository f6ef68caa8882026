"""The settings of a ledger, from the environment. It refuses to start with one that it cannot use.

A setting is declared once, as a field of `Settings`: its name, meaning, default and form. The README's table is made
of these declarations.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_type_hints

from .database.url import Pooler, parse_url
from .domain.quota import Quota, parse_quota
from .domain.signature import parse_keys
from .domain.stages import Stage, parse_stages
from .domain.tokens import parse_declared

LOG_LEVELS = ("debug", "info", "warning", "error")
ROOT_PATH = re.compile(r"/|(/[A-Za-z0-9._~-]+)+")


class SettingsError(Exception):
    """Which setting cannot be used, and why: a sentence for the person who starts the program."""


@dataclass(frozen=True)
class Setting:
    """A variable of the environment; without a default it must be set. `read` makes the field's value of its text, or
    raises ValueError with what is wrong; that message must not repeat a secret.

    `file`: NAME_FILE may name a file that holds the value instead. It is "read" once, at the start; or the program
    reads it "again" whenever it changes, and then the field's value is the file's path.
    """

    name: str
    meaning: str
    default: str | None = None
    read: Callable[[str], Any] = str
    file: Literal["read", "again"] | None = None

    @property
    def help(self) -> str:
        """`meaning`, and what there is to know of NAME_FILE."""
        again = ", which is read again when it changes" if self.file == "again" else ""
        return self.meaning + (f" {self.name}_FILE names a file that holds it{again}." if self.file else "")

    def value(self, environment: Mapping[str, str]) -> Any:
        """Raises SettingsError. A variable that is empty counts as not set."""
        path = environment.get(f"{self.name}_FILE") if self.file else None
        text = environment.get(self.name)
        if path and text:
            raise SettingsError(f"{self.name} and {self.name}_FILE are both set: set one of them")
        text = self._content(path) if path else text or self.default
        if text is None:
            raise SettingsError(f"{self.name} is not set{f', and neither is {self.name}_FILE' if self.file else ''}")
        try:
            value = self.read(text)
        except ValueError as error:
            raise SettingsError(f"{self.name}{'_FILE' if path else ''}: {error}") from None
        return Path(path) if path and self.file == "again" else value

    def _content(self, path: str) -> str:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise SettingsError(f"{self.name}_FILE: {path} cannot be read: {error.strerror}") from None
        except ValueError:
            raise SettingsError(f"{self.name}_FILE: {path} is not text in UTF-8") from None


class FromEnvironment:
    """A dataclass each of whose fields is annotated with its Setting."""

    @classmethod
    def declared(cls) -> list[Setting]:
        return [it.__metadata__[0] for it in get_type_hints(cls, include_extras=True).values()]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Raises SettingsError for the first setting that cannot be used."""
        return cls(*(it.value(environment) for it in cls.declared()))


def _database_url(text: str) -> str:
    parse_url(text)
    return text


def _pooler(text: str) -> Pooler:
    match text:
        case "none" | "session" | "transaction":
            return text
    raise ValueError(f"{text!r} is neither none nor session nor transaction")


def _reads_need_token(text: str) -> bool:
    if text not in ("public", "token"):
        raise ValueError(f"{text!r} is neither public nor token")
    return text == "token"


def number(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or int(text) > most:
            raise ValueError(f"{text!r} is not a number from 0 to {most}")
        return int(text)

    return read


def _root_path(text: str) -> str:
    if not ROOT_PATH.fullmatch(text):
        raise ValueError(f"{text!r} is no path: write it like /waybill, without a slash at its end")
    return "" if text == "/" else text


def _log_level(text: str) -> str:
    if text not in LOG_LEVELS:
        raise ValueError(f"{text!r} is none of {', '.join(LOG_LEVELS)}")
    return text


def _flux_keys(text: str) -> str:
    parse_keys(text)
    return text


def _declared_tokens(text: str) -> str:
    parse_declared(text)
    return text


@dataclass(frozen=True)
class Settings(FromEnvironment):
    """What `waybill-service serve` works with. `flux_keys` and `tokens`: their JSON, or the file that holds it."""

    database_url: Annotated[
        str,
        Setting(
            "DATABASE_URL",
            "`sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user:password@host/name`.",
            "sqlite:///waybill.db",
            _database_url,
            file="read",
        ),
    ]
    database_pooler: Annotated[
        Pooler,
        Setting(
            "DATABASE_POOLER",
            "The mode of the pooler (such as PgBouncer) between the ledger and PostgreSQL: `session` or `transaction`; "
            "`none` where there is no pooler. Behind a pooler the ledger does not start with `none`.",
            "none",
            _pooler,
        ),
    ]
    host: Annotated[str, Setting("HOST", "The address to listen on.", "127.0.0.1")]
    port: Annotated[int, Setting("PORT", "The port to listen on; 0 takes a free one.", "8080", number(65535))]
    reads_need_token: Annotated[
        bool,
        Setting(
            "READS",
            "`public`: anyone may read. `token`: reading needs a token with the scope `read`, and `/metrics` one with "
            "the scope `metrics`.",
            "public",
            _reads_need_token,
        ),
    ]
    root_path: Annotated[
        str,
        Setting(
            "ROOT_PATH",
            "The path below which a proxy serves the ledger, such as `/waybill`. The proxy may take it off the "
            "address, or leave it.",
            "/",
            _root_path,
        ),
    ]
    event_quota: Annotated[
        Quota,
        Setting(
            "EVENT_QUOTA",
            "How much may be sent with one environment's key, or filed with one token: requests and bytes a minute; "
            "and how many places an environment may have. More is refused with 429; Flux then sends it again. An "
            "event that comes late, so that much is derived anew, counts as several requests.",
            "1200/min, 64MiB/min, 6000 places",
            parse_quota,
        ),
    ]
    silent_after: Annotated[
        int,
        Setting(
            "SILENT_AFTER",
            "After how many seconds without an event an environment that has no observer counts as silent: its health "
            "is unknown then. 0: never, since Flux says nothing while nothing changes.",
            "0",
            number(366 * 86400),
        ),
    ]
    drain_seconds: Annotated[
        int,
        Setting(
            "DRAIN_SECONDS",
            "For how long it still answers after SIGTERM, while `/readyz` says 503: as long as the load balancer needs "
            "to send it nothing more. The chart sets it.",
            "0",
            number(600),
        ),
    ]
    flux_keys: Annotated[
        str | Path,
        Setting(
            "FLUX_KEYS",
            'JSON: for each environment, one or two webhook keys of at least 16 bytes: `{"staging": ["..."]}`. '
            "Without keys, the webhooks answer 404.",
            "{}",
            _flux_keys,
            file="again",
        ),
    ]
    environments: Annotated[
        tuple[Stage, ...],
        Setting(
            "ENVIRONMENTS",
            "The order of the environments, and which of them form a group, as pages show them: `staging, production = "
            "production-eu + production-us`. What is not named comes after, in the order of its first report. No group "
            "has the name of an environment.",
            "",
            parse_stages,
        ),
    ]
    tokens: Annotated[
        str | Path,
        Setting(
            "TOKENS",
            "JSON: a list of tokens that are in no database, each with name, sha256, scopes, expires_at and, if it is "
            "for one service alone, service. `waybill-service token create --into FILE` makes one.",
            "[]",
            _declared_tokens,
            file="again",
        ),
    ]
    log_level: Annotated[
        str,
        Setting(
            "LOG_LEVEL",
            "`info`: a line for each request, too. `warning`: what somebody should look at. `error`, `debug`.",
            "info",
            _log_level,
        ),
    ]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Raises SettingsError for the first setting that cannot be used, and where two contradict each other."""
        it = super().from_environment(environment)
        keys = parse_keys(it.flux_keys.read_bytes() if isinstance(it.flux_keys, Path) else it.flux_keys)
        for stage in it.environments:
            if stage.name in keys and stage.environments != (stage.name,):
                raise SettingsError(
                    f"ENVIRONMENTS: {stage.name} is a group, and FLUX_KEYS has the key of an environment {stage.name}: "
                    "give one of them another name"
                )
        return it
