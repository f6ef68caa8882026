"""The files of a GitOps repo that a release changes, as a pure function of the files that are there.

A folder that is absent is copied from gitops-templates/ and filled in. In one that is present, only the values that
name the release are replaced; everything else that people wrote there stays, byte for byte.
"""

from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from msgspec import UNSET

from ..clients.registry import Registry
from ..config import Config
from ..document import Waybill, chart_of
from ..errors import Refused
from ..image import by_name
from ..image.pins import pins
from ..yaml.edit import read
from . import layout, templates
from .files import CHART_NAME, CHART_VERSION, DIGEST, TAG, annotation, written
from .layout import Files
from .post_renderers import pin_image
from .site import Site, Target, standard

# What `plan` writes for the one value that is known only after publishing.
UNPUBLISHED = "sha256:<known after publish>"
# The annotation of a Flux Kustomization that says which folder its artifact is made of.
MADE_OF = "waybill/manifests"
# What the annotation says in place of images that an environment does not run as they were released.
OVERRIDDEN = "overridden"


class Applier(NamedTuple):
    """What Flux applies the folder of a cluster by, as `flux bootstrap` or people named it: namespace and source."""

    namespace: str
    kind: str
    name: str


def render(
    files: Files,
    waybill: Waybill,
    config: Config,
    environments: Iterable[str],
    *,
    overridden: Container[str] = (),
    sites: Mapping[str, Site] | None = None,
    appliers: Mapping[str, Applier] | None = None,
) -> dict[str, bytes]:
    """The files, by path, that are new or differ from `files` once `environments` run this release; those that are
    `overridden` do not claim its images.

    `files` holds what is there at `layout.paths` and in `sites`, which are those of the environments whose files people
    wrote. Settings that contradict the files are refused.
    """
    after, pinned = dict(files), config.flux_source == "oci-repository"
    names = list(environments)
    found = {name: standard(waybill.service, name, pinned=pinned) for name in names} | dict(sites or {})
    if ours := [name for name in names if found[name].existing is None]:
        make(after, waybill, config, ours, appliers or {})
    for name in names:
        name_manifests(after, found[name].artifact(waybill.service, name), name, config)
        name_release(after, found[name], waybill, claimed=name not in overridden)
        for pin in pins(config.image_blocks, by_name.of(waybill)):
            pin_image(after, found[name], layout.base(waybill.service), pin)
    return {path: data for path, data in after.items() if files.get(path) != data}


def make(
    files: dict[str, bytes],
    waybill: Waybill,
    config: Config,
    environments: Iterable[str],
    appliers: Mapping[str, Applier],
) -> None:
    """Adds to `files` those of Waybill's own that are absent, and points what is there to where the chart lies."""
    service, base, pinned = waybill.service, layout.base(waybill.service), config.flux_source == "oci-repository"
    refuse_other_source(files, base, pinned)
    if not layout.holds(files, base):
        files |= copied("base", base, service, pinned)
    name_chart(files, base, waybill, config)
    for environment in environments:
        overlay, namespace = layout.overlay(service, environment), config.namespace_of(environment)
        if not layout.holds(files, overlay):
            files |= copied("overlay", overlay, service, pinned)
            Target(f"{overlay}/kustomization.yaml").put(files, ("namespace",), namespace)
            if layout.cluster_file(service, environment) not in files:
                apply(files, service, environment, appliers.get(environment), config)
        refuse_other_namespace(files, overlay, namespace)


def apply(files: dict[str, bytes], service: str, environment: str, by: Applier | None, config: Config) -> None:
    """Adds what lets Flux apply an overlay: from the GitOps repo, or as an artifact, where the settings have one."""
    name, place = f"{service}-{environment}", f"./{layout.overlay(service, environment)}"
    file, source = Target(layout.cluster_file(service, environment)), Target(layout.source_file(service, environment))
    files[file.file] = templates.file("artifact/service.yaml" if config.artifact else "cluster/service.yaml")
    if config.artifact:
        files[source.file] = templates.file("artifact/manifests.yaml")
        file.put(files, ("metadata", "annotations", MADE_OF), place)
        file.put(files, ("spec", "sourceRef", "name"), name)
        source.put(files, ("metadata", "name"), name)
    else:
        file.put(files, ("spec", "path"), place)
    file.put(files, ("metadata", "name"), name)
    if by and config.artifact is None:
        file.put(files, ("spec", "sourceRef", "kind"), by.kind)
        file.put(files, ("spec", "sourceRef", "name"), by.name)
    for it in (file, source):
        if by and it.file in files:
            it.put(files, ("metadata", "namespace"), by.namespace or "flux-system")


def name_manifests(files: dict[str, bytes], source: Target, environment: str, config: Config) -> None:
    """Points to where the manifests lie, if Flux gets them as an artifact."""
    if source.file not in files:
        return
    if config.artifact is None:
        raise Refused(
            f"{source.called} lets Flux get {environment} from a registry, and no `artifact` is configured.",
            "Set `artifact` in waybill.toml to its `url` without the last part, the environment.",
            fault="you",
        )
    source.put(files, ("spec", "url"), f"{config.artifact}/{environment}")
    if Registry(config.plain_http).uses_plain_http(f"{config.artifact.removeprefix('oci://')}/{environment}"):
        source.put(files, ("spec", "insecure"), True)


def published(waybill: Waybill) -> str:
    """`oci://host/path`, below which the chart is."""
    repository = chart_of(waybill).repository
    if repository is UNSET:
        raise Refused(
            "The waybill does not say where the chart is published.",
            "Set `registry` in waybill.toml, then run the same command again.",
            fault="you",
        )
    return repository


def name_chart(files: dict[str, bytes], base: str, waybill: Waybill, config: Config) -> None:
    """Points the sources that Waybill knows to where the chart lies; a file that people removed stays removed."""
    repository = published(waybill)
    for name, url in (
        ("helmrepository.yaml", repository),
        ("ocirepository.yaml", f"{repository}/{chart_of(waybill).name}"),
    ):
        if (path := f"{base}/{name}") in files:
            Target(path).put(files, ("spec", "url"), url)
            if Registry(config.plain_http).uses_plain_http(repository.removeprefix("oci://")):
                Target(path).put(files, ("spec", "insecure"), True)
    if config.service_account and (path := f"{base}/helmrelease.yaml") in files:
        Target(path).put(files, ("spec", "serviceAccountName"), config.service_account)


def name_release(files: dict[str, bytes], site: Site, waybill: Waybill, *, claimed: bool) -> None:
    """The fields that change with every release."""
    chart = chart_of(waybill)
    values = {
        annotation("service"): waybill.service,
        annotation("release"): chart.version,
        annotation("image"): by_name.written(by_name.of(waybill), waybill.service) if claimed else OVERRIDDEN,
        annotation("commit"): waybill.source.commit,
        CHART_NAME: chart.name,
        CHART_VERSION: chart.version,
        TAG: chart.version,
        DIGEST: UNPUBLISHED if chart.digest is UNSET else chart.digest,
        **{annotation(name): text for name, text in site.told.items()},
    }
    for target, keys in written(site):
        target.put(files, keys, values[keys])


def copied(template: str, folder: str, service: str, pinned: bool) -> dict[str, bytes]:
    source = f"oci-repository/{template}" if pinned else template
    return {f"{folder}/{name}": data for name, data in templates.folder(source, service).items()}


def refuse_other_source(files: Files, base: str, pinned: bool) -> None:
    kinds = ("helm-repository", "oci-repository")
    other, wanted = kinds if pinned else reversed(kinds)
    present = other.replace("-", "")
    if f"{base}/{present}.yaml" in files:
        raise Refused(
            f'waybill.toml says flux_source = "{wanted}", but the GitOps repo has {base}/{present}.yaml.',
            f'Set flux_source = "{other}" in waybill.toml, as it is there.',
            fault="you",
        )


def refuse_other_namespace(files: Files, overlay: str, namespace: str) -> None:
    """Moving a HelmRelease uninstalls it: never a side effect of shipping."""
    path = f"{overlay}/kustomization.yaml"
    present = read(files[path], ("namespace",), name=path, fault="gitops") if path in files else None
    if present not in (None, namespace):
        raise Refused(
            f"{path} in the GitOps repo says namespace {present}, waybill.toml says {namespace}.",
            f'Set namespace = "{present}" in waybill.toml; to move the service, which uninstalls it there, edit {path} '
            "as well.",
            fault="you",
        )
