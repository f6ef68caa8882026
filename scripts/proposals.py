"""A published release, proposed for environments on a branch each: what promote and rollback have in common."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from msgspec import structs

from .config import Config
from .diff.repo import Repo
from .document import Waybill
from .errors import Incomplete, Refused
from .gitops.layout import move_ref, promotion_branch
from .proposal.intent import Change
from .proposal.verdict import preview
from .releases.lookup import proven
from .report import Report
from .session import Session
from .settings import image_keys
from .steps.move import move
from .steps.propose import propose
from .steps.record import record_shipped

Done = tuple[Waybill, dict[str, Any] | None]
Changes = Callable[[Session, Repo], Sequence[Change]]


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
        here.report.say(f"{version} is read from its tag and the registry")
    return release


def change_for(
    here: Session,
    release: Waybill,
    environment: str,
    *,
    kind: Literal["promote", "rollback"],
    reason: str | None = None,
    named: bool,
) -> Change:
    return Change(
        release,
        _as_released(here, release),
        (environment,),
        (move_ref if here.config.is_gitless else promotion_branch)(release.service, environment),
        here.make_folder() / f"{release.service}@{environment}.md",
        here.archive(release),
        kind=kind,
        reason=reason,
        named=named,
        history=None if here.away else here.history,
        allow_override=here.allow_override,
    )


def _as_released(here: Session, release: Waybill) -> Config:
    """The settings, with the places of the images as the release commit has them, where it is at hand."""
    file, commit = here.config.file, release.source.release_commit
    text = here.git.blob(str(commit), file) if file and not here.away else None
    keys = image_keys(text) if text is not None else None
    return here.config if keys is None else structs.replace(here.config, image_keys=keys)


def brought(change: Change, repo: Repo | None, report: Report) -> Waybill:
    """Proposed in the GitOps repo, or moved to where there is none."""
    if repo is not None and change.config.is_gitless:
        return move(change, repo, report)
    return propose(change, repo, report)


def propose_each(here: Session, changes: Sequence[Change], repo: Repo) -> list[Done]:
    """Each waybill with the ledger's receipt. All are looked at before the first is pushed; where one is refused
    nevertheless, those before it stay."""
    if len(changes) > 1:
        if here.document != here.config.document:
            what = f"--waybill names one file, and {len(changes)} waybills are written."
            raise Refused(what, "Leave it out.", fault="you")
        for change in changes:
            preview(change, repo, here.report)
    done: list[Done] = []
    for change in changes:
        (environment,) = change.environments
        try:
            waybill = _place(here, environment).keep(brought(change, repo, here.report))
        except Refused as error:
            if not done:
                raise
            what = f"What {environment} gets is not complete: {error.what}"
            left = Refused(what, f"{error.remedy} The same command completes it.", fault=error.fault)
            raise Incomplete([left, *here.report.left], [waybill for waybill, _ in done]) from error
        done.append((waybill, record_shipped(waybill, here.ledger, here.report)))
    return done


def _place(here: Session, environment: str) -> Session:
    """With a waybill's file of its own, where --waybill names none."""
    if here.document != here.config.document:
        return here
    return structs.replace(here, document=here.folder / f"{here.config.service}@{environment}.json")
