"""adopt --artifact: the Flux Kustomization that applies an environment's folder gets the same manifests as an artifact.

It stays the same Kustomization, so that its inventory goes on and nothing is pruned:
https://fluxcd.io/flux/components/kustomize/kustomizations/#inventory
"""

from functools import partial

from msgspec import Struct

from ..config import Config
from ..diff.markdown import code
from ..diff.repo import opened
from ..errors import Refused
from ..gitops.layout import adoption_branch
from ..keys import signer_of
from ..proposal.files import Wanted, carry_out, prepare
from ..proposal.manifests import push
from ..session import Session
from .kustomization import Handover, edited, look_at


class Move(Struct, frozen=True):
    """`kustomization` is the name of Flux's, and its file; `manifests` are made of the folder and revision `made_of`.
    Both are "" where it gets an artifact already."""

    environment: str
    kustomization: str
    manifests: str
    made_of: str
    said: str
    proposal: str | None = None
    patch: str = ""


def move(here: Session, environment: str, *, dry_run: bool) -> Move:
    """Refused where that would change what runs, or show a Secret; then nothing has changed."""
    _refuse_unset(config := here.config, environment)
    topic = adoption_branch(config.service, environment)
    forge = here.forge if dry_run else here.proposing_forge or here.forge
    signer = None if dry_run else signer_of(config)
    forge.check([topic])
    with opened(forge, here.renderer, config) as repo:
        with here.report.step("look at the GitOps repo"):
            heads = repo.look(config.gitops_branch, topic)
            found = look_at(repo, heads.base_head, heads.base, environment, config)
            title = config.commit_title.replace("{title}", f"Let {environment} get {config.service} as an artifact")
            lacking = partial(edited, found, repo, environment=environment, config=config)
            wanted = Wanted(topic, title, _body(found), lacking)
            outcome = prepare(wanted, repo, config.gitops_branch)
        if outcome.base_head != heads.base_head:  # somebody merged in between
            return move(here, environment, dry_run=dry_run)
        here.report.not_seen(repo.appliers(heads.base_head, found.folder).unseen())
        proposal = None
        if found.manifests and not dry_run and outcome.outcome != "closed":
            push(found.manifests, signer, found.created, config, here.report)
            with here.report.step("propose"):
                proposal = carry_out(wanted, repo, str(config.gitops), outcome, pushed=lambda: None)
    return Move(
        environment,
        f"{found.flux.name} in {found.flux.file}",
        str(found.manifests or ""),
        found.made_of,
        outcome.said(topic, dry_run=dry_run),
        proposal=proposal.url if proposal else None,
        patch=outcome.patch.decode(errors="replace") if dry_run else "",
    )


def _refuse_unset(config: Config, environment: str) -> None:
    if environment in config.groups:
        raise Refused(
            f"{environment} is a group, and each of its environments has a Flux Kustomization of its own.",
            f"Adopt that of {' and of '.join(config.groups[environment])}.",
            fault="you",
        )
    config.chosen([environment])
    if config.artifact is None or config.gitops is None:
        raise Refused(
            "It is not known where the manifests are to be published, or which GitOps repo applies them.",
            "Set `artifact` and `gitops` in waybill.toml.",
            fault="you",
        )


def _body(found: Handover) -> str:
    return (
        f"Kustomization {code(found.flux.name)} in {code(found.flux.file)} stays, with all that it applies: the same "
        f"{len(found.objects)} objects as now. It gets them from {code(str(found.manifests))}, which is what kustomize "
        f"makes of {code(found.made_of)}.\n\n"
        "Where that folder changes before this is merged, run the same command again, which moves the digest. To let "
        "Flux take only what is signed, take the `#` off `verify`.\n"
    )
