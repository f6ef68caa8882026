"""Each step of ship as a command of its own, on the waybill's file."""

from typing import Any

import click

from .options import choice, environment, image, session, settings


@click.command()
@image
@settings
def bump(**options: Any) -> None:
    """Choose the version and write image and version into the chart's files, for you to commit."""
    from ..steps.bump import bump as run
    from ..steps.bump import write_files
    from .results import show

    here = session(options)
    waybill = here.begin(run(choice(here, options, alone=True), here))
    write_files(waybill, here)
    show(here, waybill)


@click.command()
@settings
def package(**options: Any) -> None:
    """Package the chart of the release commit."""
    from ..steps.package import package as run
    from .results import show

    here = session(options)
    show(here, here.keep(run(here.read(), here)))


@click.command()
@settings
def publish(**options: Any) -> None:
    """Push the tag that reserves the version, then the chart."""
    from ..steps.publish import publish as run
    from .results import show

    here = session(options)
    show(here, here.keep(run(here.read(), here)))


@click.command()
@environment
@settings
def render(only: tuple[str, ...], **options: Any) -> None:
    """Show what propose would do to the GitOps repo."""
    from ..plan import render as run
    from .results import show_plans

    here = session(options)
    show_plans(here, [run(here, only)])


@click.command()
@environment
@settings
def propose(only: tuple[str, ...], **options: Any) -> None:
    """Push the rendered files to the GitOps repo and open the pull request."""
    from ..steps.propose import propose as run
    from .results import show

    here = session(options)
    change = here.change(here.read(), only)
    with here.repo(here.proposing_forge) as repo:
        show(here, here.keep(run(change, repo, here.report)))


@click.command()
@settings
def record(**options: Any) -> None:
    """File the release with the ledger."""
    from ..steps.record import record as run
    from .results import show

    here = session(options)
    waybill = here.read()
    show(here, waybill, run(waybill, here.ledger, here.report))
