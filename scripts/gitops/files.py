"""What the files of a GitOps repo say about the release that runs."""

from ..yaml.edit import Path as Keys
from ..yaml.edit import read
from .layout import Files, release_file

CHART_VERSION: Keys = ("spec", "chart", "spec", "version")


def annotation(name: str) -> Keys:
    """Flux copies a HelmRelease's annotations with this prefix into its events, where the ledger reads them."""
    return ("metadata", "annotations", f"event.toolkit.fluxcd.io/{name}")


def release_in(files: Files, service: str, environment: str) -> dict[str, str]:
    """`version`, `image` and `commit` in the environment's release.yaml, each only where the file has it. Where
    somebody changed the version alone, image and commit are another release's, and left out."""
    path = release_file(service, environment)
    if path not in files:
        return {}

    def value(keys: Keys) -> str | None:
        return read(files[path], keys, name=f"{path} in the GitOps repo", fault="gitops")

    annotated = value(annotation("release"))
    version = value(CHART_VERSION) or annotated
    names = ("image", "commit") if annotated in (None, version) else ()
    found = {"version": version, **{name: value(annotation(name)) for name in names}}
    return {name: text for name, text in found.items() if text}
