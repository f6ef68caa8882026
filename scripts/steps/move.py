"""move: without a GitOps repo, the manifests as an artifact, signed, and then the environment's tag on them."""

import random
import time

from msgspec import UNSET, structs

from ..diff.repo import Repo
from ..document import Waybill
from ..errors import Refused
from ..proposal import tag
from ..proposal.describe import describe, told
from ..proposal.intent import Change
from ..proposal.manifests import publish
from ..proposal.verdict import decide, tell
from ..report import Report

TRIES = 60
LONGEST = 2.0  # seconds


def move(change: Change, repo: Repo, report: Report) -> Waybill:
    """The waybill with `artifact` and `gitops`, without them where a higher version is there.

    The push of the ref decides who comes first; one that was overtaken looks anew. What a killed run left half done any
    later one completes.
    """
    (environment,) = change.environments
    with report.step("move"):
        for attempt in range(TRIES):
            time.sleep(random.uniform(0, min(0.1 * 2**attempt, LONGEST)) if attempt else 0)  # noqa: S311
            change, intent = decide(change, repo)
            found = intent.manifests
            if found is None:
                break
            tell(intent, report)
            if not attempt or not found.is_there:
                publish(found, change, report)
            expect = intent.heads.branch_head or ""
            if intent.outcome == "held" or repo.git.push(change.remote, change.ref, intent.commit, expect=expect):
                break
        else:
            raise Refused(
                f"{change.ref} moved {TRIES} times while Waybill was about to move it.",
                "Run the same command again in a moment.",
                fault="repository",
            )
        tag.follow(change.config, environment, repo, report)
        if intent.outcome == "push":
            describe(change, repo, intent)
    report.did("move", intent.said)
    report.not_proposed(environment, "" if intent.proposes else intent.said)
    if not intent.proposes:
        return structs.replace(change.waybill, artifact=UNSET, gitops=UNSET)
    return told(change, repo, intent)
