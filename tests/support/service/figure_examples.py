"""The worked examples of docs/explanation/figures.md: what happens in a week, and how the page tells it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from service.database.tables import History
from service.domain.event import EPOCH, SECOND
from service.domain.state import position_at

from .served import Served, document, event, gitops

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SUNDAY = MONDAY + timedelta(weeks=1)
COLUMNS = "| at | what |\n|---|---|\n"


FIRST = [("filed", "1.0.0", "08:00"), ("ran", "1.0.0", "09:00")]
NEXT = [*FIRST, ("filed", "1.1.0", "10:00")]
EXAMPLES_OF_THE_PAGE = {
    "A rollback": [
        *NEXT,
        ("ran", "1.1.0", "12:00"),
        ("rolled_back", "1.0.0", "13:00"),
        ("ran", "1.0.0", "13:10", "runs again"),
    ],
    "A failure that healed": [
        *NEXT,
        ("failed", "1.1.0", "12:00"),
        ("ran", "1.1.0", "12:04", "runs: Flux tried again"),
    ],
    "A failure in one of two places": [
        ("filed", "1.0.0", "08:00"),
        ("ran", "1.0.0", "09:00", "runs in blue", "blue"),
        ("ran", "1.0.0", "09:01", "runs in green", "green"),
        ("filed", "1.1.0", "10:00"),
        ("ran", "1.1.0", "12:00", "runs in blue", "blue"),
        ("failed", "1.1.0", "12:01", "green"),
        ("ran", "1.1.0", "12:31", "runs in green: Flux tried again", "green"),
    ],
    "A fix": [
        *NEXT,
        ("failed", "1.1.0", "12:00"),
        ("filed", "1.1.1", "13:00"),
        ("ran", "1.1.1", "14:00"),
    ],
    "An interrupted release": [
        *NEXT,
        ("filed", "1.2.0", "13:00"),
        ("ran", "1.2.0", "14:00", "runs; 1.1.0 never did"),
    ],
    "A release that was never filed": [*FIRST, ("ran", "1.1.0", "12:00", "runs; it was not filed")],
    "A place that went silent": [
        *NEXT,
        ("silent", "11:00", "15:00"),
        ("ran", "1.1.0", "13:30", "began to run, as is heard at 15:00"),
    ],
}


@dataclass
class Week:
    """A ledger that is told of a week of orders in production, on a Monday; `lines` are those of the page."""

    ledger: Served
    lines: list[str] = field(default_factory=list)
    releases: int = 0
    versions: int = 0

    async def filed(self, version: str, committed: str) -> None:
        self.releases += 1
        source = {"committed_at": f"{_at(committed):%Y-%m-%dT%H:%M:%SZ}", "commit": f"{self.releases:040x}"}
        assert (await self.ledger.file(document("orders", version, source=source))).status_code == 201
        self.lines.append(f"| {committed} | the source commit of {version} |")

    async def ran(self, version: str, at: str, words: str = "runs", namespace: str = "apps") -> None:
        await self._say("UpgradeSucceeded", version, at, namespace)
        self.lines.append(f"| {at} | {version} {words} |")

    async def failed(self, version: str, at: str, namespace: str = "apps") -> None:
        await self._say("UpgradeFailed", version, at, namespace)
        self.lines.append(f"| {at} | {version} cannot be installed{_in(namespace)} |")

    async def rolled_back(self, version: str, at: str) -> None:
        part = gitops(environment="production") | {"kind": "rollback", "reason": "loses orders"}
        source = {"committed_at": f"{_at('08:00'):%Y-%m-%dT%H:%M:%SZ}", "commit": f"{1:040x}"}
        await self.ledger.file(document("orders", version, source=source, gitops=part))
        await proposed_at(_at(at), "orders")
        self.lines.append(f"| {at} | a rollback to {version} is proposed |")

    async def silent(self, begins: str, ends: str) -> None:
        seconds = (_at(begins) - EPOCH) // SECOND
        row = History(
            environment="production", position=position_at(seconds) + "0" * 85, kind="silent", at=seconds,
            source="silence", message="",
        )  # fmt: skip
        await History.insert(row)
        self.lines.append(f"| {begins} to {ends} | nothing is heard of production |")

    async def _say(self, reason: str, version: str, at: str, namespace: str) -> None:
        self.versions += 1
        said = event(reason, version, at=_at(at), resource_version=self.versions, namespace=namespace)
        assert (await self.ledger.say(said, "production")).status_code == 201

    async def told(self) -> str:
        """The example as the page has it."""
        whole = await self.ledger.get(f"/figures?from={MONDAY:%Y-%m-%d}&to={SUNDAY:%Y-%m-%d}")
        return f"{COLUMNS}{chr(10).join(self.lines)}\n\n{chr(10).join(_rows(whole))}\n"


async def lived(ledger: Served, title: str) -> Week:
    week = Week(ledger)
    for what, *args in EXAMPLES_OF_THE_PAGE[title]:
        await getattr(week, what)(*args)
    return week


async def proposed_at(at: datetime, service: str) -> None:
    """As if the newest proposal of the service had been filed then."""
    seconds = (at - EPOCH) // SECOND
    rows = History.select(History.id, History.position).where(History.kind == "proposed", History.service == service)
    newest = await rows.order_by(History.id, ascending=False).first()
    moved = {History.at: seconds, History.position: f"{position_at(seconds)}{newest['position'][12:]}"}
    await History.update(moved).where(History.id == newest["id"])


def _in(namespace: str) -> str:
    return "" if namespace == "apps" else f" in {namespace}"


def _at(clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return MONDAY + timedelta(hours=int(hours), minutes=int(minutes))


def _rows(whole: dict[str, Any]) -> list[str]:
    it = whole["figures"]
    deployments, lead, rate, recovery, rework = (
        it[name] for name in ("deployments", "lead_time", "change_fail_rate", "recovery_time", "rework_rate")
    )
    shown = [
        ("deployments a week", f"{deployments['value']:g}"),
        ("lead time, median", f"{_minutes(lead['value'])}, commits: {lead['n']}, left out: {lead['left']}"),
        ("change fail rate", f"{_percent(rate['value'])}, {rate['n']} of {rate['of']}"),
        (
            "recovery, median",
            f"{_minutes(recovery['value'])}, recovered: {recovery['n']}, not mended: {recovery['left']}",
        ),
        ("rework rate", f"{_percent(rework['value'])}, {rework['n']} of {rework['of']}"),
        ("silent", ", ".join(whole["silent"]) or "none"),
    ]
    return ["| figure | is |", "|---|---|", *(f"| {name} | {said} |" for name, said in shown)]


def _minutes(seconds: float | None) -> str:
    return "not known" if seconds is None else f"{seconds / 60:g} min"


def _percent(share: float | None) -> str:
    return "not known" if share is None else f"{100 * share:.3g} %"
