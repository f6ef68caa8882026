"""promote: proposes a published release for another environment, on a branch of its own; a lower version is a roll
back."""

from dataclasses import replace
from typing import Any

from .chart.version import strict
from .checks import Release, refuse_early
from .document import Waybill
from .errors import Refused
from .proposal.intent import Change
from .releases.current import running
from .releases.lookup import proven
from .session import Session
from .steps.propose import propose
from .steps.record import record


def promote(
    here: Session, to: str, version: str | None, roll_back: str | None
) -> tuple[Waybill, dict[str, Any] | None]:
    """Proposes `version`, or what runs healthy in the first environment; `roll_back` is the reason to lower one."""
    if roll_back is not None and not roll_back.strip():
        raise Refused(
            "--roll-back gives no reason.", "Give in a few words the reason for the lower version.", fault="you"
        )
    if here.config.gitops is None:
        raise Refused(
            "No GitOps repo is configured, so the release cannot be proposed.",
            "Set `gitops` in waybill.toml.",
            fault="you",
        )
    refuse_early(here, Release([to], begins=False))
    forge, environments = here.proposing_forge, here.config.chosen([to])
    wanted = str(strict(version, "--version", fault="you")) if version else current(here, to)
    release = released(here, wanted)
    name = f"{release.service}@{to}"
    if here.document == here.config.document:
        here = replace(here, document=here.folder / f"{name}.json")
    change = Change(
        release,
        here.config,
        environments,
        f"promote/{release.service}/{to}",
        here.make_folder() / f"{name}.md",
        here.archive(release),
        roll_back=roll_back,
        named=version is not None,
        history=here.history,
    )
    with here.repo(forge) as repo:
        waybill = here.keep(propose(change, repo, here.report))
    return waybill, record(waybill, here.ledger, here.report)


def current(here: Session, to: str) -> str:
    """The version that runs healthy in the first environment, from the ledger."""
    first = here.config.environments[0]
    if to == first:
        raise Refused(
            f"{first} is the first environment: nothing comes before it that could be promoted.",
            "Name the release with --version.",
            fault="you",
        )
    if here.ledger is None:
        raise Refused(
            "Only a ledger knows what runs in an environment, and none is configured.",
            "Set `ledger` in waybill.toml, or name the release with --version.",
            fault="you",
        )
    version = running(here.ledger.environment(first), here.config.service, first)
    here.report.say(f"promote: {version} runs healthy in {first}")
    return version


def released(here: Session, version: str) -> Waybill:
    """The waybill of `version`, from the ledger where it is filed there, else from its tag and the registry."""
    filed, ledger = None, here.ledger
    try:
        filed = ledger.release(here.config.service, version) if ledger else None
    except Refused as error:
        # A ledger that is down, perhaps by the same outage, does not stop a rollback.
        here.report.warn(error.what)
    release = proven(version, filed, here)
    if not filed:
        here.report.say(f"promote: {version}, read from its tag and the registry")
    return release
