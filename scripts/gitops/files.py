"""What the files of a GitOps repo say about the release that runs."""

from collections.abc import Iterator

from semver import Version

from ..yaml.edit import Path as Keys
from .layout import Files
from .site import Site, Target

ANNOTATIONS = ("service", "release", "image", "commit")
CHART_NAME: Keys = ("spec", "chart", "spec", "chart")
CHART_VERSION: Keys = ("spec", "chart", "spec", "version")
TAG: Keys = ("spec", "ref", "tag")
DIGEST: Keys = ("spec", "ref", "digest")


def annotation(name: str) -> Keys:
    """Flux copies a HelmRelease's annotations with this prefix into its events, where the ledger reads them."""
    return ("metadata", "annotations", f"event.toolkit.fluxcd.io/{name}")


def written(site: Site) -> Iterator[tuple[Target, Keys]]:
    """All that a release changes at a site, but for pins of images: first what most often stands below the rest, so
    that the line of a refusal is that of the file."""
    if site.source:
        yield from ((site.source, TAG), (site.source, DIGEST))
    else:
        yield site.release, CHART_VERSION
        if site.existing and site.existing.renames:
            yield site.release, CHART_NAME
    yield from ((site.release, annotation(name)) for name in (*ANNOTATIONS, *site.told))


def release_in(files: Files, site: Site) -> dict[str, str]:
    """`version`, `image` and `commit` at a site, each only where the files have it. Where somebody changed the version
    alone, image and commit are another release's, and left out."""
    release, source = site.release, site.source
    if release.file not in files:
        return {}
    annotated = release.read(files, annotation("release"))
    version = release.read(files, CHART_VERSION)
    if version is None and source and source.file in files:
        version = source.read(files, TAG)
    version = version or annotated or (site.existing.version if site.existing else None)
    if version and Version.is_valid(version.removeprefix("v")):
        version = version.removeprefix("v")  # as Helm reads it
    names = ("image", "commit") if annotated in (None, version) else ()
    found = {"version": version, **{name: release.read(files, annotation(name)) for name in names}}
    return {name: text for name, text in found.items() if text}
