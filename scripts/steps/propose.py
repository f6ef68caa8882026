"""propose: the rendered files as a commit on a branch of the GitOps repo, and one pull request for it."""

import random
import time
from collections.abc import Callable

from msgspec import UNSET, structs

from ..diff.repo import Repo
from ..document import PullRequest, Waybill, words
from ..errors import Refused
from ..forges import Forge, Proposal
from ..proposal import attributes
from ..proposal.body import is_about, title
from ..proposal.describe import describe, told
from ..proposal.intent import Change, Intent
from ..proposal.manifests import publish
from ..proposal.merge import ask, asks, for_review, hold_back
from ..proposal.verdict import decide, tell
from ..report import Report

TRIES = 10


Describe = Callable[[Change, Repo, Intent], str]
Decide = Callable[[Change, Repo], tuple[Change, Intent]]


def propose(change: Change, repo: Repo | None, report: Report) -> Waybill:
    """The waybill with `gitops` filled when something is proposed, else without it; without a `repo` nothing is.

    What a killed run left half done the same command completes.
    """
    if repo is None:
        report.did("propose", "no GitOps repo is configured; nothing is proposed")
        return structs.replace(change.waybill, gitops=UNSET)
    intent, proposal = carry_out(change, repo, report)
    report.did("propose", f"{intent.said}" + (f", {proposal.url}" if proposal else ""))
    for name in change.environments:
        report.not_proposed(name, "" if name in intent.environments else intent.said)
    if proposal and not is_page(proposal):
        report.local_proposal(change.branch, proposal.url)
    return with_proposal(change, repo, intent, proposal)


def carry_out(
    change: Change, repo: Repo, report: Report, describe: Describe = describe, decide: Decide = decide
) -> tuple[Intent, Proposal | None]:
    """Pushes the branch and opens the proposal, if there is something to propose; a lost race starts again, TRIES
    times."""
    remote, ref = change.remote, change.ref
    with report.step("propose"):
        began = time.monotonic()
        for attempt in range(TRIES):
            # In each round one of the releasers wins; the others wait for different times, longer on a busy machine.
            time.sleep(random.uniform(0, time.monotonic() - began) if attempt else 0)  # noqa: S311
            began = time.monotonic()
            change, intent = decide(change, repo)
            if not intent.proposes:
                return intent, None
            tell(intent, report)
            review = for_review(change, repo, intent) if asks(change.config) else None
            if review:
                hold_back(intent, repo.forge)
            if intent.manifests:
                publish(intent.manifests, change, report)
            if intent.outcome == "push" and not repo.git.push(
                remote, ref, intent.commit, expect=intent.heads.branch_head or ""
            ):
                continue
            body = describe(change, repo, intent)
            # Describing takes a while: only the run whose commit the branch still has may write the proposal.
            if repo.git.refs(remote, ref).get(ref) == intent.commit:
                proposal = bring(change, intent, repo.forge, body)
                attributes.add(change.config, proposal, repo.forge, report)
                if review == "":
                    ask(change, intent, proposal, repo.forge, report)
                elif review and any(map(change.config.merges, intent.environments)):
                    report.warn(f"a person is to merge {proposal.url}: {review}")
                return intent, proposal
    raise Refused(
        f"{change.branch} moved {TRIES} times while Waybill was about to propose.",
        "Run the same command again in a moment.",
        fault="gitops",
    )


def with_proposal(change: Change, repo: Repo, intent: Intent, proposal: Proposal | None) -> Waybill:
    if proposal is None:
        return structs.replace(change.waybill, artifact=UNSET, gitops=UNSET)
    link = PullRequest(proposal.url, proposal.number) if is_page(proposal) else UNSET
    return told(change, repo, intent, link)


def is_page(proposal: Proposal) -> bool:
    """Whether others can open it: a file on this machine is no link for them."""
    return proposal.url.startswith("http")


def bring(change: Change, intent: Intent, forge: Forge, body: str) -> Proposal:
    """One open proposal with this body."""
    shape, known = change.config.commit_title, intent.known
    # Forges keep at most 255 characters of it.
    name = words(title(change.waybill, intent.environments, change.reason, shape))
    if known is None or known.state != "open":
        return forge.create(change.branch, intent.heads.base, name, body, draft=change.config.draft)
    if (known.title, known.body) != (name, body):
        brought = forge.update(known.number, name, body)
        if not is_about(known.body, change.waybill):
            forge.comment(known.number, f"Proposed here now: {name}.")
        return brought
    return known
