"""The commands that release: ship does every step, plan shows them, promote takes a release to another environment."""

from typing import TYPE_CHECKING, Any

import click
from msgspec import structs

from .options import allow_override, choice, command, dry_run, environment, image, session, session_for, settings

if TYPE_CHECKING:
    from ..proposals import Changes
    from ..session import Session


@command()
@image
@environment
@allow_override
@settings()
def ship(only: tuple[str, ...], **options: Any) -> None:
    """Release an image: bump, package, publish, render, propose, record.

    The same commit and image are the same release, however often they are shipped.
    """
    from ..ship import ship as run
    from .results import show_each

    here = session(options)
    show_each(here, [run(here, choice(here, options), only)])


@command()
@image
@environment
@allow_override
@settings()
def plan(only: tuple[str, ...], **options: Any) -> None:
    """Show everything that ship would do; change nothing."""
    from ..plan import plan as run
    from .results import show_plans

    here = session(options)
    show_plans(here, [run(here, choice(here, options), only)])


@command()
@click.option(
    "--to",
    required=True,
    multiple=True,
    metavar="NAME",
    help="An environment or a group to propose it for; may be repeated.",
)
@click.option(
    "--from",
    "source",
    metavar="NAME",
    help="The environment or group whose healthy release is taken. Default: the one before.",
)
@click.option("--version", "exact", metavar="X.Y.Z", help="The release, whatever runs where.")
@allow_override
@dry_run
@settings()
def promote(to: tuple[str, ...], source: str | None, exact: str | None, dry_run: bool, **options: Any) -> None:
    """Propose a published release for the environments that come next.

    Without --version it is the one that runs healthy in the environment before them.
    """
    from ..promote import promote as run

    if source and exact:
        raise click.UsageError("--from and --version both say which release is meant: give one of them.")
    carry_out(session(options), lambda here, _: run(here, to, exact, source, dry_run=dry_run), dry_run)


@command()
@click.argument("name", metavar="SERVICE")
@click.argument("version", required=False)
@click.option(
    "--environment",
    "-e",
    "only",
    required=True,
    multiple=True,
    metavar="NAME",
    help="The environment or group to roll back; may be repeated.",
)
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the pull request and in the record.")
@allow_override
@dry_run
@settings()
def rollback(name: str, version: str | None, only: tuple[str, ...], reason: str, dry_run: bool, **options: Any) -> None:
    """Propose a lower VERSION of SERVICE: without one, what was healthy there before.

    It needs no checkout: the ledger says what the release is. In a checkout of the service it needs no ledger, if
    VERSION is given. Settings come from the checkout, if there is one here, from --config, variables and flags.
    """
    from ..rollback import rollback as run

    with session_for(name, options, only) as found:
        here = structs.replace(found, allow_override=options["allow_override"])
        carry_out(here, lambda here, repo: run(here, repo, only, version, reason, dry_run=dry_run), dry_run)


def carry_out(here: "Session", changes: "Changes", dry_run: bool) -> None:
    """Proposes the changes, or with `dry_run` shows what that would do."""
    from ..plan import dry_run as look
    from ..proposals import propose_each
    from .results import show_each, show_plans

    if dry_run:
        show_plans(here, look(here, changes))
    else:
        with here.opened(here.proposing_forge) as repo:
            show_each(here, propose_each(here, changes(here, repo), repo))
