"""The ledger that is asked, and the shapes of its answers."""

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct

from ..addresses import ledger_address
from ..clients.ledger import Ledger
from ..config import nearest, secret
from ..errors import Refused
from ..releases.current import told
from ..settings import read

PAGES = 200  # of 200 items


class ReleaseAnswer(Struct, frozen=True):
    version: str


class Attempt(Struct, frozen=True):
    version: str
    outcome: str
    at: datetime
    message: str = ""


class Blockage(Struct, frozen=True):
    reason: str
    since: datetime
    message: str = ""


class Mismatch(Struct, frozen=True):
    what: str
    found: str
    basis: str = ""
    released: str | None = None


class Place(Struct, frozen=True):
    """One row of `GET /environments/{environment}`; what it says is in the ledger's schema."""

    service: str
    place: str
    health: str
    since: datetime | None = None
    release: ReleaseAnswer | None = None
    attempt: Attempt | None = None
    health_cause: str | None = None
    running_certain: bool = True
    blocked: Blockage | None = None
    suspended_since: datetime | None = None
    mismatches: list[Mismatch] = []
    contested: list[dict[str, Any]] = []
    overridden: bool = False


class EnvironmentAnswer(Struct, frozen=True):
    environment: str
    at: datetime
    services: list[Place]
    silent_since: datetime | None = None


class Arrival(Struct, frozen=True, rename={"from_": "from"}):
    environment: str
    place: str
    service: str
    release: ReleaseAnswer
    from_: datetime
    until: datetime | None = None


class Page(Struct, frozen=True):
    items: list[dict[str, Any]]
    next: str | None = None


def asked(address: str | None, cwd: Path) -> Ledger:
    """The ledger at `address`, or that of WAYBILL_LEDGER, or of the nearest waybill.toml upwards from `cwd`."""
    file = None if address or os.environ.get("WAYBILL_LEDGER") else nearest(cwd)
    url = ledger_address(read(file, {"ledger": address}).ledger)
    if url is None:
        raise Refused(
            "It is not known which ledger to ask.",
            "Give its address with --ledger, in WAYBILL_LEDGER, or as `ledger` in waybill.toml.",
            fault="you",
        )
    return Ledger(url, secret("WAYBILL_LEDGER_TOKEN"))


def path(*parts: str, **query: str | None) -> str:
    """`/a/b?x=y` with each part escaped; what is None or empty in `query` is left out."""
    given = {name: value for name, value in query.items() if value}
    return "/" + "/".join(quote(part, safe="") for part in parts) + (f"?{urlencode(given)}" if given else "")


def answers(ledger: Ledger, *parts: str, **query: str | None) -> Iterator[dict[str, Any]]:
    """The pages of a list; none where the ledger does not know what it is of."""
    cursor: str | None = None
    for _ in range(PAGES):
        answer = ledger.get(path(*parts, **query, cursor=cursor, limit="200"))
        if answer is None:
            return
        yield answer
        if (cursor := told(answer, Page).next) is None:
            return
    raise Refused(
        f"The ledger's list has more than {PAGES} pages.",
        "Ask for less: name a service or an environment.",
        fault="you",
    )


def items(found: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What stands on the pages of a list."""
    return (item for answer in found for item in told(answer, Page).items)


def pages(ledger: Ledger, *parts: str, **query: str | None) -> Iterator[dict[str, Any]]:
    """The items of a list, page by page."""
    return items(answers(ledger, *parts, **query))


def environments(ledger: Ledger, only: Sequence[str], at: str | None) -> list[dict[str, Any]]:
    """Those that are named, or all, now or at the time `at`. One that never reported is refused."""
    if not only and not at:
        return [*pages(ledger, "environments")]
    names = only or [told(it, EnvironmentAnswer).environment for it in pages(ledger, "environments")]
    return [_environment(ledger, name, at) for name in names]


class States(dict[str, EnvironmentAnswer]):
    """How environments stand, by their names."""

    @property
    def silent(self) -> dict[str, datetime]:
        """Since when, of those that are."""
        return {name: it.silent_since for name, it in self.items() if it.silent_since}

    def is_certain(self, environment: str, place: str) -> bool:
        """Whether what runs there is known; not, where it failed and was not rolled back."""
        rows = self[environment].services if environment in self else []
        return all(it.running_certain for it in rows if it.place == place)


def states(ledger: Ledger, names: Iterable[str]) -> States:
    """Of these environments."""
    only = [*dict.fromkeys(names)]
    found = [told(it, EnvironmentAnswer) for it in environments(ledger, only, None)] if only else []
    return States({it.environment: it for it in found})


def _environment(ledger: Ledger, name: str, at: str | None) -> dict[str, Any]:
    found = ledger.get(path("environments", name, at=at))
    if found is None:
        raise never_reported(ledger, name)
    return found


def never_reported(ledger: Ledger, name: str) -> Refused:
    known = ", ".join(told(it, EnvironmentAnswer).environment for it in pages(ledger, "environments"))
    return Refused(
        f"Nothing of an environment {name} ever reached the ledger.",
        f"Correct the name; those that reported are {known}." if known else "No environment has reported yet.",
        fault="you",
    )
