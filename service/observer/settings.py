"""The settings of an observer, from the environment."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from ..domain.signature import ENVIRONMENT
from ..domain.snapshot import CLUSTER, ROUNDS
from ..settings import FromEnvironment, Setting, number

ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s?#]*")
NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def _address(text: str) -> str:
    if not ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is no address: write it like https://waybill.example")
    return text.rstrip("/")


def _environment(text: str) -> str:
    if not ENVIRONMENT.fullmatch(text):
        raise ValueError(f"{text!r} is not the name of an environment: lower-case letters, digits and dashes")
    return text


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(it.strip() for it in text.split(",") if it.strip()))
    for it in names:
        if not NAMESPACE.fullmatch(it):
            raise ValueError(f"{it!r} is not the name of a namespace")
    return names


def _cluster(text: str) -> str:
    if text and not CLUSTER.fullmatch(text):
        raise ValueError(
            f"{text!r} is not the name of a cluster: at most 64 letters, digits, dashes, dots and underscores"
        )
    return text


def _seconds(text: str) -> int:
    found = number(ROUNDS[1])(text)
    if 0 < found < ROUNDS[0]:
        raise ValueError(f"a round lasts {ROUNDS[0]} seconds or more, not {found}")
    return found


@dataclass(frozen=True)
class ObserverSettings(FromEnvironment):
    """What `waybill-service observe` works with. `namespaces` empty: the one of its pod."""

    ledger_url: Annotated[str, Setting("LEDGER_URL", "The ledger's address.", read=_address)]
    environment: Annotated[
        str, Setting("ENVIRONMENT", "The environment that these namespaces belong to.", read=_environment)
    ]
    flux_key: Annotated[
        bytes | Path,
        Setting(
            "FLUX_KEY",
            "A webhook key of the environment, as in the ledger's FLUX_KEYS.",
            read=str.encode,
            file="again",
        ),
    ]
    namespaces: Annotated[
        tuple[str, ...],
        Setting("NAMESPACES", "The namespaces to read, separated by commas. Default: the one of its pod.", "", _names),
    ]
    round_seconds: Annotated[
        int,
        Setting(
            "ROUND_SECONDS",
            "How often it reads all anew; 0: every 300. With `--once`: how often that is run; 0: not regularly. After "
            "three rounds without a word the ledger says that the environment is silent.",
            "0",
            _seconds,
        ),
    ] = 0
    cluster: Annotated[
        str,
        Setting(
            "CLUSTER",
            "What tells this cluster from others that report for the environment. Default: a hash of its certificate "
            "authority, since each cluster has one of its own.",
            "",
            _cluster,
        ),
    ] = ""
    port: Annotated[
        int, Setting("PORT", "The port at which it answers probes; 0 takes a free one.", "8080", number(65535))
    ] = 0
