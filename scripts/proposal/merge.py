"""Whether the forge is asked to merge a proposal: only where all that it changes is of environments that say so."""

from ..config import Config
from ..diff.repo import Repo
from ..errors import Refused
from ..forges import Forge, Proposal
from ..gitops import layout
from ..report import Report
from .body import title
from .intent import Change, Intent


def asks(config: Config) -> bool:
    """Whether any environment of the service does."""
    return any(config.merges(name) for name in config.environments)


def for_review(change: Change, repo: Repo, intent: Intent) -> str:
    """Why a person is to merge it; "" where the forge is asked to. The branch may bring more than this release: what
    was proposed for another environment before, and commits of others."""
    if unjudged := [verdict.environment for verdict in intent.verdicts if verdict.not_judged]:
        return f"{' and '.join(unjudged)} could not be judged"
    git, service, commit = repo.git, change.waybill.service, intent.commit
    began = git.call("merge-base", intent.heads.base_head, commit, check=False).text
    if not began:
        return f"its history is not that of {intent.heads.base}"
    touched, files = set[str](), {file: name for name, it in intent.sites.items() if it.existing for file in it.files}
    for path in git.run("diff-tree", "-r", "--no-renames", "--name-only", began, commit).splitlines():
        if path in files:
            touched.add(files[path])
            continue
        match path.split("/"):
            case ["apps", name, "base", *_] if name == service:
                touched |= {*layout.environments_in(git.files(commit, layout.app(service)), service)}
            case ["apps", name, environment, _, *_] if name == service:
                touched.add(environment)
            case ["clusters", environment, file] if file == f"{service}.yaml":
                touched.add(environment)
            case _:
                return f"it changes {path}, too"
    if intent.heads.brings_foreign(commit):
        return "it brings commits of others"
    reviewed = sorted(name for name in touched if not change.config.merges(name))
    return f"it changes {' and '.join(reviewed)}, where `merge` is not auto" if reviewed else ""


def hold_back(intent: Intent, forge: Forge) -> None:
    """Takes back, before the branch moves, what the forge was asked for what the branch had."""
    if intent.known and intent.known.state == "open":
        forge.withdraw(intent.known.number)


def ask(change: Change, intent: Intent, proposal: Proposal, forge: Forge, report: Report) -> None:
    """The proposal stands where this is refused, and the command says so at its end."""
    try:
        forge.merge(proposal.number, intent.commit)
        report.did("propose", f"the forge is asked to merge {proposal.url} when its own rules allow")
    except Refused as error:
        name = title(change.waybill, intent.environments, change.reason, change.config.commit_title)
        what = f"{name} is proposed, {proposal.url}, and the forge does not merge it: {error.what}"
        report.leave(Refused(what, f"{error.remedy} Or merge it there.", fault=error.fault))
