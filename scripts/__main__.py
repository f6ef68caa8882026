"""The command `waybill`: one subcommand per step, `ship` for all of them, `plan` and `promote`."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .errors import Refused
from .report import Report
from .settings import FIELDS, KEYS

if TYPE_CHECKING:
    from .document import Waybill
    from .session import Session
    from .steps.bump import Choice

F = TypeVar("F", bound=Callable[..., Any])


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="waybill")
def cli() -> None:
    """Ships a container image as a versioned Helm chart through Flux, and keeps the record of what arrived where.

    Settings come from waybill.toml, from WAYBILL_<KEY> and from flags, the later winning. Secrets come from
    WAYBILL_LEDGER_TOKEN(_FILE) and WAYBILL_FORGE_TOKEN(_FILE), and from docker's and git's credential stores.

    Exit code 0: done, 1: refused, with cause and remedy, 2: wrong usage.
    """


def settings(command: F) -> F:
    """The options of every command."""
    for field in reversed(FIELDS):
        flag = f"--{field.name.replace('_', '-')}"
        command = click.option(flag, metavar="TEXT", help=KEYS[field.encode_name])(command)
    command = click.option("--json", is_flag=True, help="The result as JSON on stdout.")(command)
    command = click.option(
        "--waybill", type=click.Path(path_type=Path), help="The waybill. Default: .waybill/<service>.json."
    )(command)
    command = click.option("--remote", default="origin", help="The source's remote, where tags go.", show_default=True)(
        command
    )
    return click.option("--config", type=click.Path(path_type=Path), help="Default: the nearest waybill.toml upwards.")(
        command
    )


def image(command: F) -> F:
    """The options of those commands that begin a release."""
    for option in (
        click.option("--first-publish", is_flag=True, help="A registry that denies reading the chart has none yet."),
        click.option("--allow-older", is_flag=True, help="Release a commit older than the highest release's."),
        click.option("--skip-image-check", is_flag=True, help="Do not ask the registry for the image."),
        click.option("--version", "exact", metavar="X.Y.Z", help="This very version."),
        click.option("--part", type=click.Choice(["patch", "minor", "major"]), help="What to raise. Default: patch."),
        click.option("--image", "reference", required=True, metavar="REPO@sha256:...", help="The image that CI built."),
    ):
        command = option(command)
    return command


environment = click.option(
    "--environment",
    "only",
    multiple=True,
    metavar="NAME",
    help="Propose it for this one; may be repeated. Default: the first.",
)


@dataclass(frozen=True)
class Given:
    """The options of a command: `settings` begin a session, the rest is the command's own."""

    options: dict[str, Any]

    def session(self) -> "Session":
        from .session import start

        return start(
            self.options,
            path=self.options["config"],
            remote=self.options["remote"],
            waybill=self.options["waybill"],
            report=Report(json=self.options["json"]),
            cwd=Path.cwd(),
        )

    def choice(self) -> "Choice":
        from .image.reference import parse
        from .steps.bump import Choice

        names = ("part", "skip_image_check", "allow_older", "first_publish")
        rest = {name: self.options[name] for name in names}
        return Choice(image=parse(self.options["reference"]), version=self.options["exact"], **rest)


@cli.command()
@image
@environment
@settings
def ship(only: tuple[str, ...], **options: Any) -> None:
    """Bump, package, publish, render, propose, record.

    The same commit and image are the same release, however often they are shipped.
    """
    from .ship import ship as run

    given = Given(options)
    here = given.session()
    tell(here, *run(here, given.choice(), only))


@cli.command()
@image
@environment
@settings
def plan(only: tuple[str, ...], **options: Any) -> None:
    """Show everything that ship would do; change nothing."""
    from .plan import plan as run
    from .plan import tell_plan

    given = Given(options)
    here = given.session()
    tell_plan(here, run(here, given.choice(), only))


@cli.command()
@image
@settings
def bump(**options: Any) -> None:
    """Choose the version and write image and version into the chart's files, for you to commit."""
    from .ship import bump_alone

    given = Given(options)
    here = given.session()
    tell(here, bump_alone(here, given.choice()))


@cli.command()
@settings
def package(**options: Any) -> None:
    """Package the chart of the release commit."""
    from .ship import package as run

    here = Given(options).session()
    tell(here, run(here))


@cli.command()
@settings
def publish(**options: Any) -> None:
    """Push the tag that reserves the version, then the chart."""
    from .ship import publish as run

    here = Given(options).session()
    waybill = run(here)
    if waybill is None:
        raise Refused("Another release took this version.", "Run `waybill bump` again.", fault="repository")
    tell(here, waybill)


@cli.command()
@environment
@settings
def render(only: tuple[str, ...], **options: Any) -> None:
    """Show what propose would do to the GitOps repo."""
    from .plan import patch_alone, tell_plan

    here = Given(options).session()
    tell_plan(here, patch_alone(here, only))


@cli.command()
@environment
@settings
def propose(only: tuple[str, ...], **options: Any) -> None:
    """Push the rendered files to the GitOps repo and open the pull request."""
    from .ship import propose as run

    here = Given(options).session()
    tell(here, run(here, only))


@cli.command()
@settings
def record(**options: Any) -> None:
    """File the release with the ledger."""
    from .ship import record as run

    here = Given(options).session()
    tell(here, *run(here))


@cli.command()
@click.option("--to", required=True, metavar="ENVIRONMENT", help="Where it shall run.")
@click.option("--version", "exact", metavar="X.Y.Z", help="This release. Default: what runs in the first environment.")
@click.option("--roll-back", metavar="TEXT", help="Why a lower version shall run; lets it be lower.")
@settings
def promote(to: str, exact: str | None, roll_back: str | None, **options: Any) -> None:
    """Propose a release that is out for another environment."""
    from .promote import promote as run

    here = Given(options).session()
    tell(here, *run(here, to, exact, roll_back))


def tell(here: "Session", waybill: "Waybill", receipt: dict[str, Any] | None = None) -> None:
    from .summary import rows

    here.report.result(rows(waybill, receipt), waybill)


def main() -> None:
    """The entry point: a refusal is told and ends with 1."""
    # httpx brings its own command line along where it can, which takes as long to import as all the rest of it.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    try:
        cli(prog_name="waybill", standalone_mode=True)
    except Refused as error:
        Report(json="--json" in sys.argv).refuse(error)
        sys.exit(1)


if __name__ == "__main__":
    main()
