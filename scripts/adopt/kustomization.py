"""The Flux Kustomization that applies an environment's folder, and what it becomes when it gets that as an artifact."""

from collections.abc import Sequence
from posixpath import join, normpath

from msgspec import Struct

from ..addresses import normalise
from ..clients.registry import Registry
from ..config import Config
from ..diff.flux_build import applied
from ..diff.kustomizations import FluxKustomization
from ..diff.overlay import objects_of
from ..diff.repo import Repo
from ..diff.sources import OCI
from ..diff.trial import read_files
from ..gitops import templates
from ..gitops.artifact import pack
from ..gitops.files import DIGEST
from ..gitops.layout import source_file
from ..gitops.render import MADE_OF
from ..gitops.site import Target
from ..proposal.intent import Manifests
from ..proposal.manifests import by_content
from ..yaml.edit import Path as Keys
from ..yaml.edit import read, set_scalar
from ..yaml.objects import Object
from .obstacles import (
    home,
    only,
    refuse_difference,
    refuse_left_out,
    refuse_other_fetch,
    refuse_other_source,
    refuse_others,
    refuse_secrets,
    refuse_taken,
)


class Handover(Struct, frozen=True):
    """Of a commit of the GitOps repo: what applies `folder`, the `objects` that it applies, and the `manifests` that
    make the same, `made_of` the folder at that commit. None where it gets an artifact already."""

    folder: str
    flux: FluxKustomization
    objects: Sequence[Object] = ()
    made_of: str = ""
    created: str = ""
    manifests: Manifests | None = None


def look_at(repo: Repo, commit: str, branch: str, environment: str, config: Config) -> Handover:
    """Refused where it could not be moved without changing what is applied."""
    site = repo.site(commit, environment, config, config.registry)
    flux = only(repo.flux(commit), site.folder)
    if flux.artifact or (repo.tree(commit) / source_file(config.service, environment)).is_file():
        return Handover(site.folder, flux)
    refuse_other_source(flux)
    top = repo.tree(commit).resolve()
    refuse_taken(flux, f"{config.service}-{environment}", top)
    components = [normpath(join(site.folder, str(it))) for it in flux.spec.get("components") or ()]
    files = {path: data for it in (site.folder, *components) for path, data in read_files(top, it).items()}
    refuse_left_out(flux, files)
    refuse_other_fetch(flux, branch)
    objects = applied(files, site.folder, flux.spec)
    refuse_secrets(flux, objects)
    text = repo.manifests(commit, site.folder)
    refuse_others(flux, objects_of(text), site.existing.name if site.existing else config.service)
    name = f"{config.service}.yaml"
    refuse_difference(flux, objects, {name: text})
    newest = repo.git.run(
        "--literal-pathspecs", "log", "-1", "--no-show-signature", "--format=%H", commit, "--", *files
    )
    created = repo.git.committed_at(newest)
    revision = f"{branch}@sha1:{newest}"
    packed = pack({name: text}, source=normalise(str(config.gitops)), revision=revision, created=created)
    place = f"{str(config.artifact).removeprefix('oci://')}/{environment}"
    manifests = by_content(Registry(config.plain_http), place, "adopted", packed)
    return Handover(site.folder, flux, objects, f"{site.folder} at {revision}", created, manifests)


def edited(found: Handover, repo: Repo, commit: str, environment: str, config: Config) -> dict[str, bytes]:
    """The files of a commit, of the same base or of a branch, that do not point to the manifests yet, as they would."""
    if found.manifests is None:
        return {}
    flux = only(repo.flux(commit), found.folder)
    before = repo.git.files(commit, flux.file)
    after = dict(before)
    if flux.artifact:
        flux.artifact.put(after, DIGEST, found.manifests.digest)
    else:
        name = f"{config.service}-{environment}"
        source = _source(name, flux, found.manifests, config)
        own = Target(flux.file, "Kustomization", flux.name)
        own.put(after, ("metadata", "annotations", MADE_OF), f"./{found.folder}")
        own.put(after, ("spec", "path"), "./")
        own.put(after, ("spec", "sourceRef", "kind"), OCI)
        own.put(after, ("spec", "sourceRef", "name"), name)
        after[flux.file] = b"".join([after[flux.file].rstrip(b"\r\n"), b"\n---\n", source])
    return {path: data for path, data in after.items() if data != before.get(path)}


def _source(name: str, flux: FluxKustomization, manifests: Manifests, config: Config) -> bytes:
    """The OCIRepository, where the source lies that it takes the place of."""
    text = templates.file("artifact/manifests.yaml")
    space = home(flux)
    if not space:  # what applies it says so
        text = text.replace(b"  namespace: %b\n" % str(read(text, ("metadata", "namespace"))).encode(), b"")
    told: dict[Keys, str | bool] = {
        ("metadata", "name"): name,
        **({("metadata", "namespace"): space} if space else {}),
        ("spec", "url"): manifests.address,
        DIGEST: manifests.digest,
        **({("spec", "insecure"): True} if Registry(config.plain_http).uses_plain_http(manifests.repository) else {}),
    }
    for keys, value in told.items():
        text = set_scalar(text, keys, value)
    return text
