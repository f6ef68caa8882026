"""The settings of an observer, from the environment."""

from dataclasses import dataclass
from typing import Annotated

from ..settings import FromEnvironment, Setting


def _address(text: str) -> str:
    return text.rstrip("/")


def _names(text: str) -> tuple[str, ...]:
    return tuple(it.strip() for it in text.split(",") if it.strip())


def _seconds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 86400:
        raise ValueError(f"{text!r} is not a number from 0 to 86400")
    return int(text)


@dataclass(frozen=True)
class ObserverSettings(FromEnvironment):
    """What `waybill-service observe` works with. `namespaces` empty: the one of its pod."""

    ledger_url: Annotated[str, Setting("LEDGER_URL", "The ledger's address.", read=_address)]
    environment: Annotated[str, Setting("ENVIRONMENT", "The environment that these namespaces belong to.")]
    flux_key: Annotated[
        bytes,
        Setting(
            "FLUX_KEY",
            "A webhook key of the environment, as in the ledger's FLUX_KEYS.",
            read=str.encode,
            file="read",
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
            "How often it runs: after three rounds without a snapshot the ledger says that the environment is silent. "
            "0: never.",
            "0",
            _seconds,
        ),
    ] = 0
