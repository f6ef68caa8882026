"""The commands that set up: init, connect and adopt for what is there already, doctor for what a release needs."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from .options import command, config_file, keys, output, reporting, session, session_with, settings, without_service

GIVEN = ("registry", "gitops", "artifact", "manifests", "environments", "ledger")


@command()
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
@keys("chart", *GIVEN)
@output
def init(dry_run: bool, chart: str | None, **options: Any) -> None:
    """Write waybill.toml and the CI job of a service, from what its repository tells.

    It looks for the chart, and by rendering it with another digest for the keys of values.yaml that name the image; for
    the remote, the forge and the CI. What it could not know stands in lines marked TODO. No file that is there is
    changed. With --artifact and no --gitops it also writes the manifests of each environment.
    """
    from ..config import repository_of
    from ..init.outset import init as run
    from .results import show_outset

    report = reporting(options)
    cwd = Path.cwd()
    known = {name: value for name, value in options.items() if name in GIVEN and value is not None}
    show_outset(report, run(repository_of(cwd), cwd, chart, known, report, dry_run=dry_run), dry_run=dry_run)


@command()
@click.argument("environment")
@click.option(
    "--path", "folder", metavar="FOLDER", help="What Flux applies to its cluster. Default: clusters/ENVIRONMENT."
)
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    metavar="NAME",
    help="Hear this namespace; may be repeated. Default: all in which the GitOps repo has a HelmRelease.",
)
@click.option(
    "--secrets",
    type=click.Path(path_type=Path),
    help="Write the key to this new file, as Secrets for `kubectl create`, instead of showing it.",
)
@click.option(
    "--ledger-namespace",
    metavar="NAME",
    default="waybill",
    show_default=True,
    help="Where these Secrets have the ledger.",
)
@click.option("--new-key", is_flag=True, help="Make another key: the first is lost, or is to be replaced.")
@click.option("--dry-run", is_flag=True, help="Show what would be proposed; make no key.")
@keys("gitops", "gitops_branch", "forge", "ledger", "commit_author", "commit_title")
@config_file
@output
def connect(environment: str, secrets: Path | None, ledger_namespace: str, **options: Any) -> None:
    """Let the ledger hear what Flux does in ENVIRONMENT.

    It proposes a Provider and two Alerts for the folder that Flux applies to that cluster, and makes the key that signs
    its events; it is shown once. Run again it proposes what is missing, and nothing else. No release changes, whoever
    makes them, and no waybill.toml is needed: --gitops and --ledger say where.
    """
    from ..connect.connection import connect as run
    from ..connect.wish import Wish
    from .results import show_connection

    here = without_service(options)
    chosen = {name: options[name] for name in ("folder", "namespaces", "new_key", "dry_run")}
    moves = options["ledger"] is not None
    show_connection(here, run(here, Wish(environment, secrets=secrets, ledger=ledger_namespace, moves=moves, **chosen)))


@command()
@click.option("--environment", "-e", "name", required=True, metavar="NAME", help="The environment that it is of.")
@click.option(
    "--file",
    "wanted",
    metavar="FILE[#NAME]",
    help="Release to this file of the GitOps repo, and to the HelmRelease in it, where it holds several.",
)
@click.option(
    "--artifact",
    "moves",
    is_flag=True,
    help="Let Flux get the manifests as an artifact, where waybill.toml has `artifact`.",
)
@click.option("--dry-run", is_flag=True, help="Only look: waybill.toml and the GitOps repo stay, nothing is published.")
@settings("the GitOps repo", without=("artifact",))
def adopt(name: str, wanted: str | None, moves: bool, dry_run: bool, **options: Any) -> None:
    """Let Waybill take over a service that Flux runs already.

    With --file it says what every release writes into a HelmRelease that is there, and nothing else changes; then
    waybill.toml names the file. Refused is what Waybill could not write to without changing more, with the line and
    what to write instead. The GitOps repo stays as it is.

    With --artifact it publishes what the Flux Kustomization of the environment applies now, and proposes that the same
    Kustomization gets it from there. What runs stays as it is: refused is what that would change.
    """
    from ..config import nearest
    from .results import show_adoption, show_move

    if (wanted is None) != moves:
        raise click.UsageError("Give either --file or --artifact.")
    here = session(options)
    if wanted is None:
        from ..adopt.manifests import move

        show_move(here, move(here, name, dry_run=dry_run))
        return
    from ..adopt.helm_release import adopt as run

    file = options["config"] or nearest(Path.cwd(), here.git.folder)
    show_adoption(here, run(here, file, name, wanted, dry_run=dry_run))


@command()
@click.option(
    "--environment",
    "-e",
    "only",
    multiple=True,
    metavar="NAME",
    help="Only this environment or group; may be repeated. Default: all of them.",
)
@settings()
def doctor(only: tuple[str, ...], **options: Any) -> None:
    """Look at all that a release of HEAD needs; change nothing.

    It asks what ship and plan ask: programs, chart and image keys, tag, registry, forge, ledger, and for each
    environment whether it would run the release, reports to the ledger, and may pull the chart. With one environment,
    the key in WAYBILL_WEBHOOK_KEY is tried at the ledger. Ends with 1 where something would stop a release.
    """
    from ..config import secret
    from ..doctor.diagnosis import stops_release
    from ..doctor.examination import examined
    from .diagnoses import lines

    found = list(examined(partial(session_with, options), only, secret("WAYBILL_WEBHOOK_KEY")))
    report = reporting(options)
    report.answer([*lines(found)], found)
    if stops_release(found):
        sys.exit(1)
