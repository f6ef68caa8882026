"""The manifests of the environment that is proposed, as an artifact: what it holds, and what lies in its place."""

from collections.abc import Iterator

from ..addresses import normalise
from ..clients.manifest import OCI_MANIFEST, Manifest
from ..clients.registry import Registry
from ..clients.signatures import Signer
from ..config import Config
from ..diff.repo import Repo
from ..document import Artifact, Waybill, chart_of, digest_of
from ..errors import Refused
from ..gitops.artifact import REVISION, SOURCE, OciArtifact
from ..gitops.files import DIGEST
from ..keys import signed, signer_of
from ..report import Report
from ..yaml.objects import at
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
    repository, version = place_of_artifact(change.config, environment), chart_of(waybill).version
    registry = Registry(change.config.plain_http)
    there = registry.manifest(repository, version)
    if there:
        refuse_other_release(there, f"{repository}:{version}", waybill)
        if there.digest != it.digest:
            return by_content(registry, repository, version, it)
    return Manifests(repository, version, it, is_there=there is not None)


def by_content(registry: Registry, repository: str, name: str, packed: OciArtifact) -> Manifests:
    """Under a tag that begins with `name`, and that the content gives it."""
    tag = f"{name}-{packed.digest.removeprefix('sha256:')[:12]}"
    there = registry.manifest(repository, tag)
    if there and there.digest != packed.digest:
        raise Refused(
            f"{repository}:{tag} has other content than its name says: it should be {packed.digest}.",
            "Find out who pushed it by hand, and free that tag in the registry; then run the same command again.",
            fault="registry",
        )
    return Manifests(repository, tag, packed, is_there=there is not None)


def place_of_artifact(config: Config, environment: str) -> str:
    """`host/path` of an environment's manifests."""
    return f"{str(config.artifact).removeprefix('oci://')}/{environment}"


def published_of(change: Change, repo: Repo, intent: Intent) -> Manifests | None:
    """The artifact of what was proposed before, as far as it can be told."""
    if len(intent.environments) != 1 or not intent.sites:
        return None
    found = manifests_of(change, repo, intent)
    return found if found and found.is_there else None


def not_applied(change: Change, repo: Repo, intent: Intent, environment: str) -> Iterator[str]:
    """Where Flux gets an artifact: why it may not take it, and that a release brings more than what the GitOps repo
    shows of it, since edits of the folder wait for the next digest. In sentences without a full stop."""
    base, site = intent.heads.base_head, intent.sites[environment]
    folder, target = site.folder, site.artifact(change.waybill.service, environment)
    if (present := repo.git.blob(base, target.file)) is None:
        return
    if change.config.sign is None and at(target.value({target.file: present}), "spec", "verify"):
        yield f"whether Flux takes the manifests: {target.file} has `verify`, and `sign` in waybill.toml is not set"
    url, digest = (str(target.read({target.file: present}, keys)) for keys in (("spec", "url"), DIGEST))
    applied = Registry(change.config.plain_http).manifest(url.removeprefix("oci://"), digest)
    if not applied or applied.flux_content != digest_of(packed(change.waybill, repo, base, folder).layer):
        yield (
            f"what {folder} has that Flux does not apply yet: {target.file} names other manifests, which the "
            "difference ignores"
        )


def artifact_of(waybill: Waybill, found: Manifests) -> Artifact:
    return Artifact(found.address, found.digest, revision(waybill))


def publish(found: Manifests, change: Change, report: Report) -> None:
    push(found, signer_of(change.config), change.waybill.source.committed_at, change.config, report)


def push(found: Manifests, signer: Signer | None, created: str, config: Config, report: Report) -> None:
    """Pushes what is not there, and signs it. An earlier tag stays as it is."""
    said = "was published before"
    if not found.is_there:
        it, registry = found.packed, Registry(config.plain_http)
        # By its digest first: what a registry changes must not lie under the version.
        registry.push(found.repository, found.digest, it.manifest, OCI_MANIFEST, (it.config, it.layer))
        registry.push(found.repository, found.tag, it.manifest, OCI_MANIFEST, ())
        said = "published"
    report.say(f"artifact: {found} {said}")
    signed(found.repository, found.digest, signer, created, config=config, report=report)


def refuse_other_release(there: Manifest, place: str, waybill: Waybill) -> None:
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
