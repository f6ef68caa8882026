"""The manifests of the environment that is proposed, as an artifact: what it holds, and what lies in its place."""

from ..addresses import normalise
from ..clients.manifest import OCI_MANIFEST, Manifest
from ..clients.registry import Registry
from ..diff.repo import Repo
from ..document import Artifact, Waybill, chart_of, digest_of
from ..errors import Refused
from ..gitops import layout
from ..gitops.artifact import REVISION, SOURCE
from ..gitops.files import DIGEST
from ..gitops.site import Target
from ..keys import key_of, signed
from ..report import Report
from .content import packed, revision
from .intent import Change, Intent, Manifests


def manifests_of(change: Change, repo: Repo, intent: Intent) -> Manifests | None:
    """What kustomize makes of the environment's folder in the intent's commit; None where no artifact is wanted.

    Its tag is the version; where the folder was edited since that was published, one that the content gives it. Refused
    where another release, or what Flux does not take for manifests, lies under the version.
    """
    if change.config.artifact is None or not intent.proposes:
        return None
    (environment,) = intent.environments
    waybill = change.waybill
    it = packed(waybill, repo, intent.commit, intent.sites[environment].folder)
    repository, version = f"{change.config.artifact.removeprefix('oci://')}/{environment}", chart_of(waybill).version
    registry = Registry(change.config.plain_http)
    edited = f"{version}-{it.digest.removeprefix('sha256:')[:12]}"
    for tag in (version, edited):
        there = registry.manifest(repository, tag)
        if there is None:
            return Manifests(repository, tag, it, is_there=False)
        _refuse_other_release(there, f"{repository}:{tag}", waybill)
        if there.digest == it.digest:
            return Manifests(repository, tag, it, is_there=True)
    raise Refused(
        f"{repository}:{edited} has other content than its name says: it should be {it.digest}.",
        "Find out who pushed it by hand, and free that tag in the registry; then run the same command again.",
        fault="registry",
    )


def published_of(change: Change, repo: Repo, intent: Intent) -> Manifests | None:
    """The artifact of what was proposed before, as far as it can be told."""
    if len(intent.environments) != 1 or not intent.sites:
        return None
    found = manifests_of(change, repo, intent)
    return found if found and found.is_there else None


def not_applied(change: Change, repo: Repo, intent: Intent, environment: str) -> list[str]:
    """That a release brings more than what the GitOps repo shows of it, in sentences without a full stop: where Flux
    gets an artifact, edits of the folder wait for the next digest."""
    base, file = intent.heads.base_head, layout.source_file(change.waybill.service, environment)
    present = repo.git.blob(base, file)
    if present is None:
        return []
    folder, target = layout.overlay(change.waybill.service, environment), Target(file)
    url, digest = (str(target.read({file: present}, keys)) for keys in (("spec", "url"), DIGEST))
    applied = Registry(change.config.plain_http).manifest(url.removeprefix("oci://"), digest)
    if applied and applied.flux_content == digest_of(packed(change.waybill, repo, base, folder).layer):
        return []
    return [
        f"what {folder} has that Flux does not apply yet: {file} names other manifests, which the difference ignores"
    ]


def artifact_of(waybill: Waybill, found: Manifests) -> Artifact:
    return Artifact(found.address, found.digest, revision(waybill))


def publish(found: Manifests, change: Change, report: Report) -> None:
    """Pushes what is not there. An earlier tag stays as it is."""
    said, key = "was published before", key_of(change.config)
    if not found.is_there:
        it, registry = found.packed, Registry(change.config.plain_http)
        registry.push(found.repository, found.tag, it.manifest, OCI_MANIFEST, (it.config, it.layer))
        said = "published"
    report.say(f"artifact: {found} {said}")
    created = change.waybill.source.committed_at
    signed(found.repository, found.digest, key, created, config=change.config, report=report)


def _refuse_other_release(there: Manifest, place: str, waybill: Waybill) -> None:
    said = there.annotations or {}
    source, told = said.get(SOURCE, ""), said.get(REVISION, "")
    if there.flux_content is None:
        what = f"{place} is no artifact of manifests ({there.digest})"
    elif normalise(source) != normalise(waybill.source.repository) or told != revision(waybill):
        theirs = f"{told or 'an unnamed revision'} of {source or 'an unnamed source'}, {there.digest}"
        what = f"{place} holds {theirs}; this release is {revision(waybill)} of {waybill.source.repository}"
    else:
        return
    raise Refused(
        f"{what}.",
        "A published version is never overwritten. Find out who pushed it; give one of two services another path in "
        "`artifact`, or free that tag in the registry.",
        fault="registry",
    )
