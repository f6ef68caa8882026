"""The commands that set up: adopt lets Waybill write releases to a HelmRelease that people wrote."""

from pathlib import Path
from typing import Any

import click

from .options import command, session, settings


@command()
@click.option("--environment", "-e", "name", required=True, metavar="NAME", help="The environment that it is of.")
@click.option(
    "--file",
    "wanted",
    required=True,
    metavar="FILE[#NAME]",
    help="The file in the GitOps repo, and the HelmRelease in it, where it holds several.",
)
@click.option("--dry-run", is_flag=True, help="Look, and leave waybill.toml as it is.")
@settings
def adopt(name: str, wanted: str, dry_run: bool, **options: Any) -> None:
    """Release to a HelmRelease that is there already.

    It says what every release writes there, and nothing else changes; then waybill.toml names the file. Refused is what
    Waybill could not write to without changing more, with the line and what to write instead. The GitOps repo stays as
    it is.
    """
    from ..adopt import adopt as run
    from ..config import nearest
    from .results import show_adoption

    here = session(options)
    file = options["config"] or nearest(Path.cwd(), here.git.folder)
    show_adoption(here, run(here, file, name, wanted, dry_run=dry_run))
