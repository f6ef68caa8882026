"""The commands that ask the ledger. They need its address, and no checkout."""

import errno
import os
import re
import select
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import Refused
from ..report import Report
from .options import Command, all_of, output, reporting

if TYPE_CHECKING:
    from ..clients.ledger import Ledger

CANNOT_ASK = 2
SECONDS = 5
# The lists of `GET /figures/{name}`.
COUNTED = ("deployments", "commits", "left_out", "changes", "failures", "recoveries", "failing", "rework")
ledger = all_of(
    click.option(
        "--ledger",
        metavar="URL",
        help="The ledger's address. Default: WAYBILL_LEDGER, or `ledger` of the nearest waybill.toml.",
    ),
    output,
)


class Number(click.IntRange):
    """In the digits that it is shown in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and not re.fullmatch("-?[0-9]+", value):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return super().convert(value, param, ctx)


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
    "--environment",
    "-e",
    "only",
    multiple=True,
    metavar="NAME",
    help="Only this environment, or group; may be repeated.",
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
    from ..ask.groups import members
    from ..ask.status import status as ask
    from ..clients.http_failure import NoAnswer

    if watch and (check or at or options["json"]):
        raise click.UsageError("--watch shows what runs now, to people: it goes with neither --check, --at nor --json.")
    here, report = _ledger(options), reporting(options)
    only = tuple(members(here, only))
    answer, environments = ask(here, service, only, at)
    report.answer(answer.lines, {"environments": environments, "proposals": answer.proposals})
    unanswered = False
    while watch:
        _pause()
        try:
            before, (answer, _) = answer, ask(here, service, only, None)
        except NoAnswer as error:
            if not unanswered:
                report.warn(f"what follows {time.strftime('%H:%M:%S', time.gmtime())} is not known: {error.what}")
            unanswered = True
            continue
        if answer.found != before.found or unanswered:
            report.answer([[], *answer.lines], None)
        unanswered = False
    if check:
        sys.exit(answer.code)


@click.command(cls=Asking)
@click.argument("what", metavar="DIGEST|COMMIT|SERVICE")
@click.argument("version", required=False)
@click.option("--check", is_flag=True, help="End with 1 where it runs nowhere.")
@ledger
def where(what: str, version: str | None, check: bool, **options: Any) -> None:
    """Where an image or a chart (DIGEST), a COMMIT, or a release (SERVICE VERSION), runs and ran.

    The first digits of a digest or commit are enough.
    """
    from ..ask.commit import of_commit
    from ..ask.where import of_digest, of_release, whole

    here, report = _ledger(options), reporting(options)
    if version is None and not re.fullmatch(r"(sha256:)?[0-9a-f]{4,64}", what):
        raise click.UsageError(
            f"{what} is no digest or commit: 4 hex digits of it or more; with a service give its VERSION."
        )
    name = whole(here, what) if version is None else None
    if name and name.kind == "commit":
        commit = of_commit(here, name.name)
        report.answer(
            commit.lines, {"releases": commit.releases, "places": commit.places, "silent_since": commit.states.silent}
        )
        sys.exit(int(check and not commit.runs))
    found = of_digest(here, name.name) if name else of_release(here, what, str(version))
    document = {"arrivals": found.arrivals, "not_arrived": found.missing, "silent_since": found.states.silent}
    report.answer(found.lines, document)
    sys.exit(int(check and not found.runs))


@click.command(cls=Asking)
@click.argument("service", required=False)
@click.option("--environment", "-e", metavar="NAME", help="Only of this environment, or group.")
@click.option("--kind", metavar="KIND", help="Only of this kind: arrived, failed, rolled_back, drifted, proposed, ...")
@click.option("--from", metavar="TIME", help="From then on: 2026-11-28, or RFC 3339 with a time.")
@click.option("--to", metavar="TIME", help="Until before then.")
@click.option("--limit", type=Number(1, 10_000), default=20, show_default=True, help="The most that is shown.")
@ledger
def history(service: str | None, limit: int, **options: Any) -> None:
    """What occurred, newest first: of SERVICE, or of all."""
    from ..ask.history import history as ask

    wanted = {name: options[name] for name in ("kind", "from", "to")}
    found = ask(_ledger(options), limit, options["environment"], service=service, **wanted)
    reporting(options).answer(found.lines(service), {"items": found.items})


@click.command(cls=Asking)
@click.argument("service")
@click.argument("versions", metavar="FIRST..LAST")
@ledger
def changes(service: str, versions: str, **options: Any) -> None:
    """The commits of SERVICE since the release FIRST, up to the release LAST."""
    from ..ask.changes import changes as ask

    first, dots, last = versions.partition("..")
    if not (first and dots and last):
        raise click.UsageError(f"{versions} is no pair of versions: write FIRST..LAST, as 1.4.0..1.4.2.")
    found = ask(_ledger(options), service, first, last)
    document = {"service": service, "from": first, "to": last, "releases": found.steps, "not_known": found.gap or None}
    reporting(options).answer(found.lines, document)


@click.command(cls=Asking)
@click.argument("first", metavar="ENVIRONMENT")
@click.argument("second", metavar="ENVIRONMENT")
@click.option("--at", metavar="TIME", help="What ran in the first one then: 2026-11-28, or RFC 3339 with a time.")
@click.option("--with-at", metavar="TIME", help="What ran in the second one then.")
@click.option("--check", is_flag=True, help="End with 1 where something differs, or is not known.")
@ledger
def compare(first: str, second: str, check: bool, **options: Any) -> None:
    """What the second environment lacks of the first one, by how many releases and since when."""
    from datetime import UTC, datetime

    from ..ask.compare import compare as ask

    found = ask(_ledger(options), first, second, options["at"], options["with_at"])
    reporting(options).answer(found.lines(datetime.now(UTC)), {"comparisons": found.answers})
    sys.exit(int(check and found.differs))


@click.command(cls=Asking)
@click.argument("service", required=False)
@click.option("--environment", "-e", metavar="NAME", help="Only of this environment, or group of the ledger's.")
@click.option("--since", metavar="SPAN", help="Of the time until now: 13w or 30d. Default: 13w.")
@click.option("--from", metavar="TIME", help="From then on: 2026-11-28, or RFC 3339 with a time.")
@click.option("--to", metavar="TIME", help="Until before then.")
@click.option("--counted", type=click.Choice(COUNTED), help="Instead, one by one what is counted.")
@ledger
def figures(service: str | None, since: str | None, counted: str | None, **options: Any) -> None:
    """Deployments a week, lead time, change fail rate and recovery: of SERVICE, or of all."""
    from ..ask.figure_items import counted as list_counted
    from ..ask.figure_items import item_lines
    from ..ask.figures import figures as ask
    from ..ask.figures import lines

    if since and (options["from"] or options["to"]):
        raise click.UsageError("--since goes with neither --from nor --to.")
    begins, here = _ago(since) if since else options["from"], _ledger(options)
    wanted = {"service": service, "environment": options["environment"], "from": begins, "to": options["to"]}
    if counted:
        items = list_counted(here, counted, **wanted)
        reporting(options).answer(item_lines(items), {"items": items})
        return
    found = ask(here, **wanted)
    reporting(options).answer(lines(found), found)


@click.command(cls=Asking)
@click.argument("service", required=False)
@click.argument("version", required=False)
@click.option(
    "--environment",
    "-e",
    "names",
    multiple=True,
    required=True,
    metavar="NAME",
    help="Where it is to arrive: an environment, or a group of the ledger or of waybill.toml; may be repeated.",
)
@click.option(
    "--commit",
    metavar="COMMIT",
    help="Wait for all releases that were made of it. Default, where no SERVICE is named: the commit of this CI job.",
)
@click.option("--timeout", default="30m", show_default=True, metavar="TIME", help="How long to wait: 90s, 30m or 2h.")
@click.option("--fail-fast", is_flag=True, help="Do not wait for Flux to give up: the first failure decides.")
@ledger
def wait(service: str | None, version: str | None, names: tuple[str, ...], commit: str | None, **options: Any) -> None:
    """Wait until a release has arrived, or cannot any more.

    Exit code 0: healthy, 1: failed, 2: it could not be asked, 3: timed out, 4: superseded by a later release, 5: not
    known, since nothing is heard of the environment or the ledger did not answer.
    """
    from .. import workflow
    from ..ask import wait as asking
    from ..ask.groups import members
    from ..ci import commit as commit_of_job
    from ..clients.http_failure import NoAnswer

    seconds, report = _seconds(options["timeout"]), reporting(options)
    commit = commit or (None if service else commit_of_job())
    if bool(service) != bool(version) or bool(service) == bool(commit):
        raise click.UsageError("What to wait for is either SERVICE and VERSION, or --commit.")
    here, began = _ledger(options), time.monotonic()
    ends = began + seconds
    try:
        environments = asking.patiently(lambda: members(here, names), ends)
        releases = [(str(service), str(version))]
        if commit:
            releases = asking.patiently(lambda: asking.releases_of(here, commit), ends)
    except NoAnswer as error:
        report.refuse(error)
        sys.exit(asking.UNKNOWN)
    every = [asking.Awaited(*release, environment) for release in releases for environment in environments]

    def tell(it: asking.Awaited, what: str) -> None:
        name = f"{it.service} {it.version}  " if len(releases) > 1 else ""
        report.say(f"{time.strftime('%H:%M:%S', time.gmtime())}  {name}{it.environment}  {what}")

    found = asking.wait(here, every, ends, fail_fast=options["fail_fast"], tell=tell)
    document = [it.of._asdict() | {"outcome": it.word, "cause": it.cause} for it in found]
    report.answer(list(asking.lines(found, time.monotonic() - began)), {"environments": document})
    workflow.tell({"outcome": asking.decisive(found).word}, [asking.summary(found)])
    sys.exit(asking.decisive(found).code)


def _pause() -> None:
    """A while; ends where nobody reads on, which without anything to write would not be noticed."""
    poll = select.poll()
    poll.register(sys.stdout, 0)
    if poll.poll(SECONDS * 1000):
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def _ago(span: str) -> str:
    from datetime import UTC, datetime, timedelta

    found = re.fullmatch(r"([1-9][0-9]{0,2})([wd])", span)
    if found is None:
        raise click.UsageError(f"--since {span} is no span of time: write 13w or 30d.")
    return f"{datetime.now(UTC) - timedelta(days=int(found[1]) * (7 if found[2] == 'w' else 1)):%Y-%m-%dT%H:%M:%SZ}"


def _seconds(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,6})([smh])", text)
    if found is None:
        raise click.UsageError(f"--timeout {text} is no time: write 90s, 30m or 2h.")
    return int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def _ledger(options: dict[str, Any]) -> "Ledger":
    from ..ask.ledger import asked

    return asked(options["ledger"], Path.cwd())
