"""plan: everything that ship would do, worked out and shown; nothing changes outside this machine's caches."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from msgspec import UNSET, Struct, structs

from .checks import Release, if_a_login_tells, refuse_early
from .clients.git import Git
from .clients.process import censor
from .diff.repo import Repo
from .diff.words import plain
from .document import Waybill, chart_of, check, load
from .proposal.describe import differences
from .proposal.intent import Change
from .proposal.verdict import examine, offer, where
from .proposals import Changes
from .releases.identity import refuse_other
from .session import Session
from .steps.bump import Choice, bump
from .steps.package import package
from .steps.publish import look, refuse_unpushable


class Plan(Struct, frozen=True, kw_only=True):
    """The files that the two commits change, as `git diff --name-status` lists them; `patch` is the GitOps repo's;
    `said` is what propose would do, "" where no GitOps repo is configured; `manifests` the address of the artifact."""

    waybill: Waybill
    published: bool
    chart_files: list[str] = []
    gitops_files: list[str] = []
    said: str = ""
    patch: str = ""
    difference: str = ""
    manifests: str = ""


def plan(here: Session, choice: Choice, environments: Sequence[str]) -> Plan:
    refuse_early(here, Release(environments, changes=False))
    with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
        there = unsigned(structs.replace(here, folder=Path(folder)))
        waybill = bump(choice, there)
        check(waybill)
        load(here.document)  # which ship goes on with
        waybill = package(waybill, there)
        refuse_other(waybill, here.ledger, here.report)
        digest = look(waybill, there, first_publish=choice.first_publish)
        if digest:
            waybill = structs.replace(waybill, chart=structs.replace(chart_of(waybill), digest=digest))
        else:
            if_a_login_tells(there.config.registry, lambda: refuse_unpushable(waybill, there.config), there.report)
        files = changed(here.git, waybill.source.commit, str(waybill.source.release_commit))
        planned = Plan(waybill=waybill, published=digest is not None, chart_files=files)
        if not here.config.has_releases:
            return planned
        with there.opened() as repo:
            return proposed(there, planned, there.change(waybill, environments), repo)


def render(here: Session, environments: Sequence[str]) -> Plan:
    """What propose would do with the waybill as it is on disk."""
    waybill = here.read()
    published = chart_of(waybill).digest is not UNSET
    planned, here = Plan(waybill=waybill, published=published), unsigned(here)
    with here.opened() as repo:
        return proposed(here, planned, here.change(waybill, environments), repo)


def dry_run(here: Session, changes: Changes) -> list[Plan]:
    """What proposing each of the `changes` would do; nothing changes outside this machine's caches."""
    with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
        there = unsigned(structs.replace(here, folder=Path(folder)))
        with there.opened() as repo:
            return [proposed(there, Plan(waybill=it.waybill, published=True), it, repo) for it in changes(there, repo)]


def unsigned(here: Session) -> Session:
    """What only looks needs no key."""
    if here.config.commit_sign:
        here.report.warn("commits are not signed here, so that their ids will be others")
    return structs.replace(here, config=structs.replace(here.config, commit_sign=False))


def proposed(here: Session, planned: Plan, change: Change, repo: Repo) -> Plan:
    """`planned` with what propose would do."""
    with here.report.step(f"look at {where(here.config)}"):
        change, intent = examine(change, repo, here.report)
        if_a_login_tells(change.config.artifact, lambda: offer(change, intent), here.report)
        return structs.replace(
            planned,
            gitops_files=changed(repo.git, f"{intent.commit}^", intent.commit) if intent.outcome == "push" else [],
            said=intent.said,
            patch=censor(intent.patch.decode(errors="replace")),
            difference=plain(differences(change, repo, intent)) if intent.proposes else "",
            manifests=str(intent.manifests) if intent.manifests else "",
        )


def changed(git: Git, before: str, after: str) -> list[str]:
    return git.run("diff-tree", "-r", "--no-renames", "--name-status", before, after).replace("\t", " ").splitlines()
