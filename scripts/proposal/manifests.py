"""The manifests of the environment that is proposed, as an artifact: what it holds, and what lies in its place."""

from ..addresses import normalise
from ..chart.archive import same_content
from ..clients.manifest import OCI_MANIFEST, Manifest
from ..clients.registry import Registry
from ..diff.repo import Repo
from ..document import Artifact, Waybill, chart_of
from ..errors import Refused
from ..gitops.artifact import REVISION, SOURCE, OciArtifact, pack
from ..keys import key_of, signed
from ..report import Report
from ..yaml.objects import parse
from .intent import Change, Intent, Manifests


def manifests_of(change: Change, repo: Repo, intent: Intent) -> Manifests | None:
    """What kustomize makes of the environment's folder in the intent's commit; None where no artifact is wanted.

    Its tag is the version; where the folder was edited since that was published, one that the content gives it. Refused
    where another release, or what Flux does not take for manifests, lies under the version.
    """
    if change.config.artifact is None or not intent.proposes:
        return None
    (environment,) = intent.environments
    folder, waybill = intent.sites[environment].folder, change.waybill
    text = repo.manifests(intent.commit, folder)
    _refuse_secrets(text, folder)
    packed = pack(
        {f"{waybill.service}.yaml": text},
        source=waybill.source.repository,
        revision=revision(waybill),
        created=waybill.source.committed_at,
    )
    repository, version = f"{change.config.artifact.removeprefix('oci://')}/{environment}", chart_of(waybill).version
    registry = Registry(change.config.plain_http)
    edited = f"{version}-{packed.digest.removeprefix('sha256:')[:12]}"
    for tag in (version, edited):
        there = registry.manifest(repository, tag)
        if there is None:
            return Manifests(repository, tag, packed, False, packed.digest)
        _refuse_other_release(there, f"{repository}:{tag}", waybill)
        if _is_same(there, packed, repository, registry):
            return Manifests(repository, tag, packed, True, there.digest)
    raise Refused(
        f"{repository}:{edited} has other content than its name says: it should be {packed.digest}.",
        "Find out who pushed it by hand, and free that tag in the registry; then run the same command again.",
        fault="registry",
    )


def published_of(change: Change, repo: Repo, intent: Intent) -> Manifests | None:
    """The artifact of what was proposed before, as far as it can be told."""
    if len(intent.environments) != 1 or not intent.sites:
        return None
    found = manifests_of(change, repo, intent)
    return found if found and found.is_there else None


def revision(waybill: Waybill) -> str:
    """As Flux writes where manifests come from, `<branch or tag>@sha1:<commit>`: no branch has the release commit."""
    return f"{waybill.source.tag}@sha1:{waybill.source.release_commit}"


def artifact_of(waybill: Waybill, found: Manifests) -> Artifact:
    return Artifact(found.address, found.digest, revision(waybill))


def publish(found: Manifests, change: Change, report: Report) -> None:
    """Pushes what is not there. An earlier tag stays as it is."""
    said, key = "was published before", key_of(change.config)
    if not found.is_there:
        packed, registry = found.packed, Registry(change.config.plain_http)
        registry.push(found.repository, found.tag, packed.manifest, OCI_MANIFEST, (packed.config, packed.layer))
        said = "published"
    report.say(f"artifact: {found} {said}")
    created = change.waybill.source.committed_at
    signed(found.repository, found.digest, key, created, config=change.config, report=report)


def _refuse_secrets(text: bytes, folder: str) -> None:
    if found := [item["metadata"].get("name") for item in parse(text) if item["kind"] == "Secret"]:
        raise Refused(
            f"{folder} in the GitOps repo builds the Secret {' and '.join(map(str, found))}, and an artifact shows "
            "it to all who may read the registry.",
            "Move it into a folder that another Flux Kustomization applies, or leave `artifact` out of waybill.toml.",
            fault="gitops",
        )


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


def _is_same(there: Manifest, packed: OciArtifact, repository: str, registry: Registry) -> bool:
    content = str(there.flux_content)
    return there.digest == packed.digest or same_content(registry.blob(repository, content), packed.layer)
