"""What a release changes in the objects that each environment's cluster gets.

What cannot be rendered is stated and stops nothing: reviewers then know what they do not see.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..clients.git import Git
from ..document import Chart
from ..errors import Refused
from ..gitops.layout import overlay
from .chart import definitions, fetch, objects_of
from .compare import ObjectChange, compare
from .overlay import HelmRelease, build, release_of


@dataclass(frozen=True)
class Difference:
    """`notes` state what could not be seen; `first`: nothing of the service ran there before; `unknown`: the present or
    the new release cannot be rendered."""

    environment: str
    changes: tuple[ObjectChange, ...] = ()
    notes: tuple[str, ...] = ()
    first: bool = False
    unknown: bool = False


@dataclass(frozen=True)
class Shipped:
    """What is proposed: the chart of a service, fetched where `archive` is None or gone, for `environments`."""

    service: str
    chart: Chart
    environments: tuple[str, ...]
    archive: Path | None
    plain_http: bool
    kube_version: str | None

    @property
    def repository(self) -> str:
        return f"{str(self.chart.repository or '').removeprefix('oci://')}/{self.chart.name}"


def rendered_difference(
    git: Git, before: str, after: str, environments: Sequence[str], shipped: Shipped
) -> list[Difference]:
    """Between two revisions of the GitOps repo, an environment each."""
    with tempfile.TemporaryDirectory(prefix="waybill-") as name:
        folder = Path(name)
        export(git, before, folder / "before")
        export(git, after, folder / "after")
        return [_difference(environment, folder, shipped) for environment in environments]


def _difference(environment: str, folder: Path, shipped: Shipped) -> Difference:
    service, path = shipped.service, overlay(shipped.service, environment)
    notes: list[str] = []
    try:
        release = release_of(build(folder / "after" / path, folder / "after"), service)
        notes = [f"Not seen here: {what}." for what in release.unseen]
        chart = (
            new_chart(shipped, folder) if environment in shipped.environments else _fetched(release, folder, shipped)
        )
        after = objects_of(release, chart, shipped.kube_version)
    except Refused as error:
        notes.append(f"It could not be rendered: {_one_line(error)}")
        return Difference(environment, notes=tuple(notes), unknown=True)
    if not (folder / "before" / path).is_dir():
        changes = [ObjectChange(change.what, change.name) for change in compare([], after, release.namespace)]
        return Difference(environment, tuple(changes), tuple(notes), first=True)
    try:
        present = release_of(build(folder / "before" / path, folder / "before"), service)
        earlier = _fetched(present, folder, shipped)
        before = objects_of(present, earlier, shipped.kube_version)
    except Refused as error:
        notes.append(f"What runs there could not be rendered, so nothing is compared: {_one_line(error)}")
        return Difference(environment, notes=tuple(notes), unknown=True)
    if definitions(earlier) != definitions(chart):
        notes.append(
            "The chart's crds/ changes, which Flux leaves in the cluster as they are, unless the HelmRelease's "
            "spec.upgrade.crds is CreateReplace."
        )
    if (present.name, present.namespace) != (release.name, release.namespace):
        notes.append(
            f"The release moves from {present.namespace}/{present.name} to {release.namespace}/{release.name}."
        )
    return Difference(environment, tuple(compare(before, after, release.namespace)), tuple(notes))


def new_chart(shipped: Shipped, folder: Path) -> Path:
    if shipped.archive and shipped.archive.is_file():
        return shipped.archive
    return fetch(shipped.repository, shipped.chart.version, folder, shipped.plain_http)


def _fetched(release: HelmRelease, folder: Path, shipped: Shipped) -> Path:
    """The chart of a HelmRelease; where its source lies elsewhere, it is looked for where the new one is."""
    return fetch(release.chart or shipped.repository, release.reference, folder, shipped.plain_http)


def _one_line(error: Refused) -> str:
    return " ".join(error.what.split())


def export(git: Git, revision: str, folder: Path) -> Path:
    """The regular files of a revision, below `folder`; a path that would leave it is left out."""
    for path, data in git.files(revision, ".").items():
        if not {"..", ".git", ""} & set(PurePosixPath(path).parts) and not path.startswith("/"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    return folder
