"""Where the HelmReleases of a service lie in a cluster, as far as its files in the GitOps repo say it."""

from collections.abc import Iterable

from ..document import Destination
from ..errors import Refused
from ..yaml.edit import has, read
from .layout import Files, base, cluster_file, overlay

RENAMES = (
    ("namePrefix",),
    ("nameSuffix",),
    ("spec", "namePrefix"),
    ("spec", "nameSuffix"),
    ("spec", "targetNamespace"),
)


def places(files: Files, service: str, environments: Iterable[str]) -> tuple[Destination, ...]:
    """One for each environment; its place is None where a Kustomization may set another name or namespace."""
    return tuple(Destination(environment, _place(files, service, environment)) for environment in environments)


def _place(files: Files, service: str, environment: str) -> str | None:
    folders = (base(service), overlay(service, environment))
    inner, outer = (files.get(f"{folder}/kustomization.yaml", b"") for folder in folders)
    flux = files.get(cluster_file(service, environment), b"")
    try:
        if any(has(file, path) for file in (inner, outer, flux) for path in RENAMES):
            return None
        namespace = read(outer, ("namespace",))
        name = read(files.get(f"{base(service)}/helmrelease.yaml", b""), ("metadata", "name"))
    except Refused:  # what people wrote there is not for us to judge
        return None
    return f"{namespace}/{name}" if namespace and name else None
