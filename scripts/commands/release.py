"""The commands that release: ship does every step, plan shows them, promote takes a release to another environment."""

from typing import Any

import click

from .options import choice, environment, image, session, settings


@click.command()
@image
@environment
@settings
def ship(only: tuple[str, ...], **options: Any) -> None:
    """Bump, package, publish, render, propose, record.

    The same commit and image are the same release, however often they are shipped.
    """
    from ..ship import ship as run
    from .results import show

    here = session(options)
    show(here, *run(here, choice(here, options), only))


@click.command()
@image
@environment
@settings
def plan(only: tuple[str, ...], **options: Any) -> None:
    """Show everything that ship would do; change nothing."""
    from ..plan import plan as run
    from .results import show_plan

    here = session(options)
    show_plan(here, run(here, choice(here, options), only))


@click.command()
@click.option("--to", required=True, metavar="ENVIRONMENT", help="The environment to propose it for.")
@click.option(
    "--version",
    "exact",
    metavar="X.Y.Z",
    help="The release. Default: the one that runs healthy in the first environment.",
)
@click.option("--roll-back", metavar="TEXT", help="Allow a lower version than the one there; TEXT says why.")
@settings
def promote(to: str, exact: str | None, roll_back: str | None, **options: Any) -> None:
    """Propose a published release for another environment."""
    from ..promote import promote as run
    from .results import show

    here = session(options)
    show(here, *run(here, to, exact, roll_back))
