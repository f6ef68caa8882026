"""What `record SERVICE VERSION` files: a release as its tag, the registry, the GitOps repo and the forge tell it."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET, structs

from .chart.version import strict
from .diff.repo import opened
from .document import Artifact, Destination, Gitops, Waybill, chart_of, words
from .errors import Refused
from .gitops import layout
from .proposal.content import revision
from .proposal.intent import Change
from .proposal.manifests import place_of_artifact, published_of
from .proposal.search import proposed_before
from .proposals import Done
from .releases.lookup import proven
from .session import Session
from .source.moves import moves
from .steps.propose import with_proposal
from .steps.record import record


def file_again(here: Session, version: str) -> list[Done]:
    """Each waybill of the release that the ledger has not, filed; where it has them all, its first receipt."""
    service, ledger, wanted = here.config.service, here.ledger, str(strict(version, "VERSION", fault="you"))
    if here.away:
        raise Refused(
            f"There is no checkout of {service} here, whose tag tells what {wanted} is.",
            "Run it in one, or give the address of its repository with --remote.",
            fault="you",
        )
    filed = ledger.release(service, wanted) if ledger else None
    release = structs.replace(proven(wanted, filed, here), by=UNSET)  # who made it, its tag does not tell
    known = _proposals(filed or {})
    found = list(_of_moves(here, release)) if here.config.is_gitless else []
    if here.config.gitops and not (found := list(_proposed(here, release))):
        what = f"no proposal of {service} {wanted} is found"
        here.report.warn(f"{what}: what was proposed, if another release took its place, is not in the record")
    new = [it for it in found if it.gitops is not UNSET and (it.gitops.branch, it.gitops.commit) not in known]
    return [(it, record(it, ledger, here.report)) for it in new or [release]]


def _proposed(here: Session, release: Waybill) -> Iterator[Waybill]:
    """The release with each proposal of it that is known: those of ship, then those of promote and rollback."""
    service, whole = release.service, here.make_folder() / f"{release.service}.md"
    shipped = Change(release, here.config, (), layout.shipping_branch(service), whole)
    later = [
        structs.replace(shipped, branch=layout.promotion_branch(service, it), kind="promote")
        for it in here.config.environments
    ]
    with here.report.step("look at the GitOps repo"), opened(here.forge, here.renderer, here.config) as repo:
        for change in (shipped, *later):
            for proposed, intent in proposed_before(change, repo):
                published = published_of(proposed, repo, intent)
                yield with_proposal(proposed, repo, structs.replace(intent, manifests=published), intent.known)


def _of_moves(here: Session, release: Waybill) -> Iterator[Waybill]:
    """The release with each move of an environment to it, the oldest first, where there is no GitOps repo."""
    config, version = here.config, chart_of(release).version
    source = release.source
    for environment in config.environments:
        ref = layout.move_ref(release.service, environment)
        for it in reversed(moves(here.git, config.remote, ref)):
            if it.version == version:
                repository = f"oci://{place_of_artifact(config, environment)}"
                yield structs.replace(
                    release,
                    artifact=Artifact(repository, it.digest, revision(release)),
                    gitops=Gitops(
                        source.repository,
                        ref,
                        it.commit,
                        (Destination(environment, None, it.overridden or UNSET),),
                        kind=it.kind,
                        reason=words(it.reason) if it.reason else UNSET,
                    ),
                )


def _proposals(filed: Mapping[str, Any]) -> set[tuple[Any, Any]]:
    """Branch and commit of each that the ledger has."""
    told = filed.get("proposals") or []
    items = [filed.get("gitops"), *(told.get("items", []) if isinstance(told, dict) else told)]
    parts = [item.get("gitops", item) for item in items if isinstance(item, dict)]
    return {(part.get("branch"), part.get("commit")) for part in parts if isinstance(part, dict)}
