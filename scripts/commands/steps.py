"""Each step of ship as a command of its own, on the waybill's file."""

from typing import Any

import click

from .options import allow_override, choice, command, environment, image, session, session_for, settings


@command()
@image
@settings("the chart", "the source repository")
def bump(**options: Any) -> None:
    """Choose the version and write image and version into the chart's files, for you to commit."""
    from ..steps.bump import bump as run
    from ..steps.bump import write_files
    from .results import show

    here = session(options)
    waybill = here.begin(run(choice(here, options, alone=True), here))
    write_files(waybill, here)
    show(here, waybill)


@command()
@settings("the chart")
def package(**options: Any) -> None:
    """Package the chart of the release commit."""
    from ..steps.package import package as run
    from .results import show

    here = session(options)
    show(here, here.keep(run(here.read(), here)))


@command()
@settings("the chart")
def publish(**options: Any) -> None:
    """Push the tag that reserves the version, then the chart."""
    from ..source.remote import is_known
    from ..steps.publish import publish as run
    from .results import show

    here = session(options)
    is_known(here.git, here.config.remote, here.config.service)  # bump may have run without a remote
    show(here, here.keep(run(here.read(), here)))


@command()
@environment
@allow_override
@settings("the chart", "the GitOps repo")
def render(only: tuple[str, ...], **options: Any) -> None:
    """Show what propose would do to the GitOps repo."""
    from ..plan import render as run
    from .results import show_plans

    here = session(options)
    show_plans(here, [run(here, only)])


@command()
@environment
@allow_override
@settings("the GitOps repo", "the pull request")
def propose(only: tuple[str, ...], **options: Any) -> None:
    """Push the rendered files to the GitOps repo and open the pull request."""
    from ..checks import Release, forge_takes_it
    from ..proposals import brought as run
    from ..releases.lookup import proven_again
    from .results import show

    here = session(options)
    forge_takes_it(here, Release(only))
    waybill = proven_again(here.read(), here) if here.config.has_releases else here.read()
    change = here.change(waybill, only)
    with here.repo(here.proposing_forge) as repo:
        show(here, here.keep(run(change, repo, here.report)))


@command()
@click.argument("name", metavar="[SERVICE", required=False)
@click.argument("version", metavar="VERSION]", required=False)
@settings("the ledger")
def record(name: str | None, version: str | None, **options: Any) -> None:
    """File the release with the ledger.

    With SERVICE and VERSION any release, on any machine: it is told by its tag, the registry, the GitOps repo and the
    forge. That needs a checkout of the service, or --remote with the address of its repository.
    """
    from ..records import file_again
    from ..steps.record import record as run
    from .results import show_each

    if name is None:
        here = session(options)
        waybill = here.read()
        show_each(here, [(waybill, run(waybill, here.ledger, here.report))])
        return
    if version is None:
        raise click.UsageError("Give SERVICE and VERSION, or neither: then .waybill/SERVICE.json is filed.")
    with session_for(name, options) as found:
        show_each(found, file_again(found, version))
