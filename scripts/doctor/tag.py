"""One environment without a GitOps repo: whether it would run a release, and whether its tag names what it should."""

from collections.abc import Iterator

from ..diff.repo import Repo
from ..document import Waybill
from ..errors import Refused
from ..gitops.layout import move_ref
from ..proposal.intent import Change, Intent
from ..proposal.tag import place, present
from ..report import Report
from ..session import Session
from ..source.moves import moves
from .diagnosis import Diagnosis, looked
from .environment import images_of, judged


def tag_of(here: Session, environment: str, waybill: Waybill, repo: Repo) -> Iterator[Diagnosis]:
    """`waybill` is the release with the marker, whose archive lies in the folder of `here`."""
    found, made = judged(here, environment, waybill, repo)
    yield from found
    if made:
        yield from images_of(made[0], environment, made[1], repo)
        yield from looked(lambda _: _pushed(here, repo, *made))
    yield from _named(here, environment, repo)


def _pushed(here: Session, repo: Repo, change: Change, intent: Intent) -> str:
    if intent.outcome != "push":
        return ""
    expect = intent.heads.branch_head or ""
    repo.git.push(change.remote, change.ref, intent.commit, expect=expect, rehearse=True)
    return f"{here.config.remote} lets this login push {change.ref}"


def _named(here: Session, environment: str, repo: Repo) -> Iterator[Diagnosis]:
    """Whether the tag names what the newest move says."""
    what = place(here.config, environment)

    def look(_: Report) -> str:
        every = moves(repo.git, here.config.remote, move_ref(here.config.service, environment))
        there, wanted = present(here.config, environment), every[0].digest if every else None
        if there != wanted:
            raise Refused(
                f"{what} names {there or 'nothing'}, and {environment} is to have {wanted or 'nothing yet'}.",
                "A run was killed, or somebody moved the tag: ship or promote that release again, which corrects it.",
                fault="registry",
            )
        return f"{what} names the manifests of {every[0].version}" if every else ""

    for it in looked(look):
        yield Diagnosis("warn", it.what, it.remedy) if it.state == "fail" else it
