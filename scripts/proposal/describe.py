"""The body of a proposal: what is proposed, and what that changes in the cluster; the whole text in a file as well."""

from msgspec import UNSET, UnsetType, structs

from ..addresses import normalise
from ..diff.difference import Difference, rendered_difference
from ..diff.repo import Repo
from ..diff.words import markdown
from ..document import Destination, Gitops, PullRequest, Waybill, words
from ..errors import Refused
from ..folder import write
from ..gitops.files import release_in
from ..gitops.layout import Files, app
from ..gitops.places import place_of
from ..source.moves import moves_to
from .body import Section, body, cut
from .commits import story
from .intent import Change, Intent, Verdict, shipped
from .manifests import artifact_of
from .sites import released


def differences(change: Change, repo: Repo, intent: Intent) -> list[Difference]:
    """What the intent's commit changes in each environment."""
    # The branch may bring what was proposed for another environment before.
    names = dict.fromkeys([*intent.environments, *released(intent.sites, *_files(change, repo, intent))])
    return rendered_difference(repo, intent.heads.base_head, intent.commit, list(names), shipped(change, intent))


def _files(change: Change, repo: Repo, intent: Intent) -> tuple[Files, Files]:
    """The files of the service before and after."""
    where = [app(change.waybill.service), *(file for site in intent.sites.values() for file in site.files)]
    return repo.git.files(intent.heads.base_head, *where), repo.git.files(intent.commit, *where)


def told(change: Change, repo: Repo, intent: Intent, proposal: PullRequest | UnsetType = UNSET) -> Waybill:
    """The waybill with what is proposed."""
    artifact = artifact_of(change.waybill, intent.manifests) if intent.manifests else UNSET
    proposed = structs.replace(gitops(change, repo, intent), proposal=proposal)
    return structs.replace(change.waybill, artifact=artifact, gitops=proposed)


def gitops(change: Change, repo: Repo, intent: Intent) -> Gitops:
    """What the waybill tells of the proposal, but for its address; the places are the HelmReleases that it writes."""
    repository = normalise(str(change.config.gitops))
    if change.config.is_gitless:
        repository = change.waybill.source.repository
        move = moves_to(repo.git, intent.commit, change.ref)[0]
        change = structs.replace(change, kind=move.kind, reason=move.reason)
    return Gitops(
        repository=repository,
        branch=change.branch,
        commit=intent.commit,
        places=tuple(
            Destination(name, _place(name, change, repo, intent), name in intent.overridden or UNSET)
            for name in intent.environments
        ),
        replaces=intent.replaces or UNSET,
        kind=change.kind,
        reason=words(change.reason) if change.reason else UNSET,
    )


def _place(environment: str, change: Change, repo: Repo, intent: Intent) -> str | None:
    """None where it cannot be built, or is not sure to stay where it is built."""
    if (site := intent.sites.get(environment)) is None:
        return None
    appliers = repo.appliers(intent.commit, site.folder)
    if site.existing:
        return None if appliers.is_patched_above() else place_of(site.existing)
    try:
        release = repo.release(intent.commit, environment, shipped(change, intent))
    except Refused:
        return None
    return release.place if appliers.stays() else None


def describe(change: Change, repo: Repo, intent: Intent) -> str:
    """Markdown that a forge accepts; where it had to be cut, the whole text is in `change.whole`."""
    waybill = change.waybill
    verdicts = {verdict.environment: verdict for verdict in intent.verdicts}
    before, after = _files(change, repo, intent)
    sections = []
    for found in differences(change, repo, intent):
        old, new = (release_in(files, intent.sites[found.environment]) for files in (before, after))
        # Of another environment's release, which the branch may bring, that one's commit counts.
        commit, source = new.get("commit", waybill.source.commit), waybill.source.repository
        commits = story(change.history, found.environment, old, commit, source)
        known = verdicts.get(found.environment, Verdict(found.environment))
        said = known.overrides, known.warnings, known.not_judged
        sections.append(Section(found.environment, old, new, markdown(found), commits, *said))
    unseen = dict.fromkeys(what for verdict in intent.verdicts for what in verdict.unseen)
    published = str(intent.manifests) if intent.manifests else ""
    text = body(
        waybill,
        sections,
        reason=change.reason,
        ledger=change.config.ledger,
        unseen=list(unseen),
        manifests=published,
    )
    write(change.whole, text.encode())
    return cut(text, change.whole.name)
