"""The .tgz of a commit's chart: the same bytes on every machine."""

from pathlib import Path

from ..clients.git import Git
from ..clients.helm import Helm
from ..clients.registry import Registry
from ..config import Config
from .dependencies import Dependency, missing
from .export import export


def archive_of(commit: str, config: Config, git: Git, folder: Path) -> Path:
    """The chart of `commit` as Helm packages it, in the empty `folder`; what package writes for the same commit."""
    seconds, out = git.committed(commit), folder / "out"
    out.mkdir()
    source = export(git, commit, config.chart, (), folder / "tree")
    if lacking := missing(source):
        build_dependencies(Helm(), source, seconds, lacking, config)
    return Helm().package(source, out, seconds)


def build_dependencies(helm: Helm, chart: Path, seconds: int, lacking: list[Dependency], config: Config) -> None:
    places = {item.repository for item in lacking if item.repository and not item.folder}
    registries = sorted(place.removeprefix("oci://") for place in places if place.startswith("oci://"))
    registry = Registry(config.plain_http)
    helm.dependency_build(
        chart,
        seconds,
        repositories=sorted(place for place in places if not place.startswith("oci://")),
        plain_http=any(registry.uses_plain_http(place) for place in registries),
    )
