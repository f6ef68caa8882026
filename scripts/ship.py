"""ship: every step in order, each on the waybill that the one before it made."""

from collections.abc import Sequence
from typing import Any

from .checks import Release, refuse_early
from .diff.repo import Repo
from .document import Waybill, chart_of
from .errors import Incomplete, Refused
from .proposal.verdict import preview
from .proposals import brought
from .releases.identity import refuse_other
from .session import Session
from .steps.bump import Choice, bump
from .steps.package import package
from .steps.publish import Overtaken, publish
from .steps.record import record_shipped

TRIES = 8


def ship(here: Session, choice: Choice, environments: Sequence[str]) -> tuple[Waybill, dict[str, Any] | None]:
    """The finished waybill and the ledger's receipt. Repeating it completes what a killed run left."""
    refuse_early(here, Release(environments))
    with here.repo(here.proposing_forge) as repo:
        waybill = published(here, choice, environments, repo)
        waybill = here.keep(proposed(here, waybill, environments, repo))
    return waybill, record_shipped(waybill, here.ledger, here.report)


def proposed(here: Session, waybill: Waybill, environments: Sequence[str], repo: Repo | None) -> Waybill:
    """What a hook of the GitOps repo declines is known only now: nothing is pushed there that Flux could not fetch."""
    change = here.change(waybill, environments)
    try:
        return brought(change, repo, here.report)
    except Refused as error:
        names, release = " and ".join(change.environments), f"{waybill.service} {chart_of(waybill).version}"
        what = f"{release} is published, and what {names} gets is not complete: {error.what}"
        left = Refused(what, f"{error.remedy} The same command completes it.", fault=error.fault)
        raise Incomplete([left, *here.report.left], [waybill]) from error


def published(here: Session, choice: Choice, environments: Sequence[str], repo: Repo | None) -> Waybill:
    """The release under a version that no other release took while it was being packaged; refused before that is
    public where an environment would not run it as proposed."""
    for _ in range(TRIES):
        waybill = here.begin(bump(choice, here))
        waybill = here.keep(package(waybill, here))
        refuse_other(waybill, here.ledger, here.report)
        preview(here.change(waybill, environments), repo, here.report)
        try:
            return here.keep(publish(waybill, here))
        except Overtaken as error:
            here.report.did("publish", f"{error.what} Choosing the next version.")
    raise Refused(
        f"Other releases took the version {TRIES} times while this one was on its way.",
        "Run the same command again in a moment.",
        fault="repository",
    )
