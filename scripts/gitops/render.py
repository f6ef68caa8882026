"""The files of a GitOps repo that a release changes, as a pure function of the files that are there.

A folder that is absent is copied from gitops-templates/ and filled in. In one that is present, only the values that
name the release are replaced; everything else that people wrote there stays, byte for byte.
"""

from collections.abc import Container, Iterable
from pathlib import PurePosixPath

from msgspec import UNSET

from ..clients.registry import Registry
from ..config import Config
from ..document import Waybill, chart_of
from ..errors import Refused
from ..image import by_name
from ..image.pins import pins
from ..yaml.edit import Path as Keys
from ..yaml.edit import read, set_scalar
from . import layout, templates
from .files import CHART_VERSION, annotation
from .layout import Files
from .post_renderers import pin_image

# What `plan` writes for the one value that is known only after publishing.
UNPUBLISHED = "sha256:<known after publish>"
# What the annotation says in place of images that an environment does not run as they were released.
OVERRIDDEN = "overridden"


def render(
    files: Files, waybill: Waybill, config: Config, environments: Iterable[str], overridden: Container[str] = ()
) -> dict[str, bytes]:
    """The files, by path, that are new or differ from `files` once `environments` run this release; those that are
    `overridden` do not claim its images.

    `files` holds what is there at `layout.paths`. Settings that contradict those files are refused.
    """
    service, base = waybill.service, layout.base(waybill.service)
    pinned = config.flux_source == "oci-repository"
    refuse_other_source(files, base, pinned)
    after = dict(files)
    if not layout.holds(files, base):
        after |= copied("base", base, service, pinned)
    name_chart(after, base, waybill, config)
    for environment in environments:
        overlay, namespace = layout.overlay(service, environment), config.namespace_of(environment)
        if not layout.holds(files, overlay):
            after |= copied("overlay", overlay, service, pinned)
            put(after, f"{overlay}/kustomization.yaml", ("namespace",), namespace)
            if (path := layout.cluster_file(service, environment)) not in files:
                after[path] = templates.file("cluster/service.yaml")
                put(after, path, ("metadata", "name"), f"{service}-{environment}")
                put(after, path, ("spec", "path"), f"./{overlay}")
        refuse_other_namespace(after, overlay, namespace)
        name_release(after, overlay, waybill, pinned, claimed=environment not in overridden)
        for pin in pins(config.image_blocks, by_name.of(waybill)):
            pin_image(after, base, f"{overlay}/release.yaml", pin)
    return {path: data for path, data in after.items() if files.get(path) != data}


def name_chart(files: dict[str, bytes], base: str, waybill: Waybill, config: Config) -> None:
    """Points the sources that Waybill knows to where the chart lies; a file that people removed stays removed."""
    chart = chart_of(waybill)
    if chart.repository is UNSET:
        raise Refused(
            "The waybill does not say where the chart is published.",
            "Set `registry` in waybill.toml, then run the same command again.",
            fault="you",
        )
    for name, url in (
        ("helmrepository.yaml", chart.repository),
        ("ocirepository.yaml", f"{chart.repository}/{chart.name}"),
    ):
        if (path := f"{base}/{name}") in files:
            put(files, path, ("spec", "url"), url)
            if Registry(config.plain_http).uses_plain_http(chart.repository.removeprefix("oci://")):
                put(files, path, ("spec", "insecure"), True)
    if config.service_account and (path := f"{base}/helmrelease.yaml") in files:
        put(files, path, ("spec", "serviceAccountName"), config.service_account)


def name_release(files: dict[str, bytes], overlay: str, waybill: Waybill, pinned: bool, *, claimed: bool) -> None:
    """The fields that change with every release."""
    chart, path = chart_of(waybill), f"{overlay}/release.yaml"
    for name, value in (
        ("service", waybill.service),
        ("release", chart.version),
        ("image", by_name.written(by_name.of(waybill), waybill.service) if claimed else OVERRIDDEN),
        ("commit", waybill.source.commit),
    ):
        put(files, path, annotation(name), value)
    if pinned:
        digest = UNPUBLISHED if chart.digest is UNSET else chart.digest
        put(files, f"{overlay}/source.yaml", ("spec", "ref", "tag"), chart.version)
        put(files, f"{overlay}/source.yaml", ("spec", "ref", "digest"), digest)
    else:
        put(files, path, CHART_VERSION, chart.version)


def put(files: dict[str, bytes], path: str, keys: Keys, value: str | bool) -> None:
    """Sets one value; a file that is absent or cannot be edited is refused."""
    if path not in files:
        raise Refused(
            f"The GitOps repo has no {path}, where Waybill writes {keys[-1]}.",
            f"Put it back, or remove {PurePosixPath(path).parent}/ in its own commit: the next ship writes it again.",
            fault="gitops",
        )
    files[path] = set_scalar(files[path], keys, value, name=f"{path} in the GitOps repo", fault="gitops")


def copied(template: str, folder: str, service: str, pinned: bool) -> dict[str, bytes]:
    source = f"oci-repository/{template}" if pinned else template
    return {f"{folder}/{name}": data for name, data in templates.folder(source, service).items()}


def refuse_other_source(files: Files, base: str, pinned: bool) -> None:
    present, wanted = ("helmrepository", "oci-repository") if pinned else ("ocirepository", "helm-repository")
    if f"{base}/{present}.yaml" in files:
        raise Refused(
            f'waybill.toml says flux_source = "{wanted}", but the GitOps repo has {base}/{present}.yaml.',
            f"Set flux_source to what is there, or remove {PurePosixPath(base).parent}/ in its own commit first.",
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
