"""What delivery figures count, one by one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from ..clients.ledger import Ledger
from ..releases.current import told
from ..report import Cell
from .figures import figures, known
from .ledger import answers, items
from .words import Line, columns, how_exactly, short, when


class CountedItem(Struct, frozen=True):
    """An item of `GET /figures/{name}`."""

    what: str
    when: datetime
    environment: str
    service: str
    version: str
    known: bool = True
    commit: str | None = None
    well_at: datetime | None = None
    seconds: int | None = None


class Period(Struct, frozen=True, rename={"from_": "from"}):
    from_: str
    to: str


def counted(ledger: Ledger, name: str, **wanted: str | None) -> list[dict[str, Any]]:
    """The list of that name, newest first, of one period on every page of it."""
    period = told(figures(ledger, **wanted), Period)
    found = [*answers(ledger, "figures", name, **wanted | {"from": period.from_, "to": period.to})]
    return [*items(known(found or None))]


def item_lines(several: list[dict[str, Any]]) -> list[Line]:
    if not several:
        return [[Cell("Nothing is counted there.")]]
    now = datetime.now(UTC)
    return columns([_row(told(it, CountedItem), now) for it in several])


def _row(it: CountedItem, now: datetime) -> Line:
    said = {"deployment": "began to run", "commit": f"{short(it.commit or '')} began to run", "failure": "failed"}
    text = said.get(it.what, it.what)
    if it.what == "failure":
        text += f", well again after {how_exactly(timedelta(seconds=it.seconds))}" if it.seconds is not None else ""
    elif it.what == "commit":
        text += f" after {how_exactly(timedelta(seconds=it.seconds))}" if it.seconds is not None else ", dated later"
    text += "" if it.known else "; not filed"
    return [*map(Cell, (when(it.when, now), it.service, it.environment, it.version, text))]
