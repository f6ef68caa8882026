"""The commands that ask the ledger. They need its address, and no checkout."""

import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import Refused
from ..report import Report
from .options import Command, all_of

if TYPE_CHECKING:
    from ..clients.ledger import Ledger

CANNOT_ASK = 2
SECONDS = 5
ledger = all_of(
    click.option(
        "--ledger",
        metavar="URL",
        help="The ledger's address. Default: WAYBILL_LEDGER, or `ledger` of the nearest waybill.toml.",
    ),
    click.option("--json", is_flag=True, help="Print the answer as JSON."),
)


class Asking(Command):
    """A command that ends with 2 where it could not ask: 1 is the answer "no"."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refused as error:
            Report(json=ctx.params["json"]).refuse(error)
            sys.exit(CANNOT_ASK)


@click.command(cls=Asking)
@click.argument("service", required=False)
@click.option(
    "--environment", "-e", "only", multiple=True, metavar="NAME", help="Only this environment; may be repeated."
)
@click.option("--at", metavar="TIME", help="What ran then: 2026-11-28, or RFC 3339 with a time.")
@click.option(
    "--check",
    is_flag=True,
    help="End with 1 where something is failing, blocked or mismatched, else with 5 where it is unknown.",
)
@click.option("--watch", is_flag=True, help="Ask again every 5 seconds, and show what changed, until Ctrl-C.")
@ledger
def status(
    service: str | None, only: tuple[str, ...], at: str | None, check: bool, watch: bool, **options: Any
) -> None:
    """What needs somebody in each environment; with SERVICE, each of its places."""
    from ..ask.status import status as ask

    if watch and (check or at or options["json"]):
        raise click.UsageError("--watch shows what runs now, to people: it goes with neither --check, --at nor --json.")
    here, report = _ledger(options), Report(json=options["json"])
    answer, environments = ask(here, service, only, at)
    if service and not answer.found:
        raise Refused(
            f"Nothing of {service} runs there, or ever failed to.",
            "Correct the name; `waybill status` without it shows what there is.",
            fault="you",
        )
    report.answer(answer.lines, {"environments": environments})
    while watch:
        time.sleep(SECONDS)
        before, (answer, _) = answer, ask(here, service, only, None)
        if answer.found != before.found:
            report.answer([[], *answer.lines], None)
    if check:
        sys.exit(answer.code)


@click.command(cls=Asking)
@click.argument("what", metavar="DIGEST|SERVICE")
@click.argument("version", required=False)
@click.option("--check", is_flag=True, help="End with 1 where it runs nowhere.")
@ledger
def where(what: str, version: str | None, check: bool, **options: Any) -> None:
    """Where an image or a chart (DIGEST), or a release (SERVICE VERSION), runs and ran."""
    from ..ask.where import of_digest, of_release

    here = _ledger(options)
    if version:
        found = of_release(here, what, version)
    elif re.fullmatch(r"(sha256:)?[0-9a-f]{64}", what):
        found = of_digest(here, f"sha256:{what.removeprefix('sha256:')}")
    else:
        raise click.UsageError(
            f"{what} is no whole digest (sha256: and 64 hex digits); with a service give its VERSION."
        )
    document = {"arrivals": found.arrivals, "not_arrived": found.missing, "silent_since": found.silent}
    Report(json=options["json"]).answer(found.lines, document)
    if check and not found.runs:
        sys.exit(1)


def _ledger(options: dict[str, Any]) -> "Ledger":
    from ..ask.ledger import asked

    return asked(options["ledger"], Path.cwd())
