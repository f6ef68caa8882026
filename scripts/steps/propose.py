"""propose: the rendered files as a commit on a branch of the GitOps repo, and one pull request for it."""

import random
import time
from collections.abc import Callable

from msgspec import UNSET, structs

from ..addresses import normalise
from ..clients.git import Git
from ..document import Gitops, Waybill
from ..errors import Refused
from ..forges import Forge, Proposal
from ..gitops.clone import cloned
from ..proposal.body import is_about, title
from ..proposal.intent import Change, Intent, Render, prepare
from ..report import Report

TRIES = 5


def propose(
    change: Change, render: Render, forge: Forge, describe: Callable[[Git, Intent], str], report: Report
) -> tuple[Waybill, Intent]:
    """The waybill with `gitops` filled when something is proposed, else as it came; and what was done.

    `describe` writes the proposal's body. A lost race is looked at anew, TRIES times; what a killed run left half done
    the same command completes.
    """
    remote, ref = str(change.config.gitops), f"refs/heads/{change.branch}"
    with report.step("propose"), cloned(remote, change.config.forge_token) as git:
        for attempt in range(TRIES):
            # Each round one of the releasers wins; the others spread out.
            time.sleep(random.uniform(0, 0.2 * 2**attempt) if attempt else 0)  # noqa: S311
            intent = prepare(change, render, forge.find, git)
            if not intent.proposes:
                report.say(f"propose: {intent.said}")
                return change.waybill, intent
            if intent.outcome == "push" and not git.push(
                remote, ref, intent.commit, expect=intent.heads.branch_head or ""
            ):
                continue
            body = describe(git, intent)
            # Describing takes its time: only who still has the branch speaks for it.
            if git.refs(remote, ref).get(ref) == intent.commit:
                break
        else:
            raise Refused(
                f"{change.branch} moved {TRIES} times while Waybill was about to propose.",
                "Run the same command again in a moment.",
                fault="gitops",
            )
        proposal = bring(change, intent, forge, body)
    report.say(f"propose: {intent.said}, {proposal.url}")
    gitops = Gitops(
        repository=normalise(remote),
        branch=change.branch,
        commit=intent.commit,
        environments=intent.environments,
        # A proposal that is a file of this machine is no link for others.
        proposal=proposal.url if proposal.url.startswith("http") else UNSET,
    )
    return structs.replace(change.waybill, gitops=gitops), intent


def bring(change: Change, intent: Intent, forge: Forge, body: str) -> Proposal:
    """One open proposal with this body."""
    name, known = title(change.waybill, intent.environments, change.roll_back), intent.known
    if known is None or known.state != "open":
        return forge.create(change.branch, intent.heads.base, name, body)
    if (known.title, known.body) != (name, body):
        forge.update(known.number, name, body)
        if not is_about(known.body, change.waybill):
            forge.comment(known.number, f"Proposed here now: {name}.")
    return known
