"""The body of a proposal: what is proposed, and what that changes in the cluster; the whole text in a file as well."""

from msgspec import UNSET

from ..addresses import normalise
from ..diff.difference import Difference, rendered_difference
from ..diff.repo import Repo
from ..diff.words import markdown
from ..document import Destination, Gitops, words
from ..errors import Refused
from ..folder import write
from ..gitops.files import release_in
from ..gitops.layout import Files, app, cluster_file
from ..gitops.places import place_of, stays
from .body import Section, body, cut
from .commits import story
from .intent import Change, Intent, shipped
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


def gitops(change: Change, repo: Repo, intent: Intent) -> Gitops:
    """What the waybill tells of the proposal, but for its address; the places are the HelmReleases that it writes."""
    return Gitops(
        repository=normalise(str(change.config.gitops)),
        branch=change.branch,
        commit=intent.commit,
        places=tuple(Destination(name, _place(name, change, repo, intent)) for name in intent.environments),
        replaces=intent.replaces or UNSET,
        kind=change.kind,
        reason=words(change.reason) if change.reason else UNSET,
    )


def _place(environment: str, change: Change, repo: Repo, intent: Intent) -> str | None:
    """None where it cannot be built, or is not sure to stay where it is built."""
    if (site := intent.sites.get(environment)) is None:
        return None
    if site.existing:
        return place_of(site.existing)
    try:
        release = repo.release(intent.commit, environment, shipped(change, intent))
    except Refused:
        return None
    file = cluster_file(change.waybill.service, environment)
    return release.place if stays(repo.git.blob(intent.commit, file)) else None


def describe(change: Change, repo: Repo, intent: Intent) -> str:
    """Markdown that a forge accepts; where it had to be cut, the whole text is in `change.whole`."""
    waybill = change.waybill
    not_judged = {verdict.environment: verdict.not_judged for verdict in intent.verdicts}
    before, after = _files(change, repo, intent)
    sections = []
    for found in differences(change, repo, intent):
        old, new = (release_in(files, intent.sites[found.environment]) for files in (before, after))
        # Of another environment's release, which the branch may bring, that one's commit counts.
        commit, source = new.get("commit", waybill.source.commit), waybill.source.repository
        commits = story(change.history, found.environment, old, commit, source)
        overrides, cause = change.overrides.get(found.environment, ()), not_judged.get(found.environment, "")
        sections.append(Section(found.environment, old, new, markdown(found), commits, overrides, cause))
    unseen = dict.fromkeys(what for verdict in intent.verdicts for what in verdict.unseen)
    text = body(waybill, sections, reason=change.reason, ledger=change.config.ledger, unseen=list(unseen))
    write(change.whole, text.encode())
    return cut(text, change.whole.name)
