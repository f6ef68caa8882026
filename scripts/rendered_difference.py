"""The rendered difference of a proposal, for each environment, in Markdown for the proposal and in plain text.

What cannot be seen is said and stops nothing: reviewers then know what they do not know.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .chart_diff import Change, compare
from .clients.git import Git
from .config import Config
from .document import Waybill, chart_of
from .errors import Refused
from .gitops.overlay import build, fetch, objects_of, release_of


@dataclass(frozen=True)
class Difference:
    """`notes` say what could not be seen; `first` that nothing of the service ran there before."""

    environment: str
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    first: bool = False


@dataclass(frozen=True)
class Shipped:
    """What is proposed; `archive` is its chart, fetched where that is None or gone."""

    waybill: Waybill
    config: Config
    archive: Path | None


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
    service, config = shipped.waybill.service, shipped.config
    path = f"apps/{service}/{environment}"
    try:
        release = release_of(build(folder / "after" / path), service)
        after = objects_of(release, _new_chart(shipped, folder), config.kube_version)
    except Refused as error:
        return Difference(environment, notes=(f"It could not be rendered: {error.what}",))
    notes = [f"Not seen here: {what}." for what in release.unseen]
    if not (folder / "before" / path).is_dir():
        changes = [Change(change.what, change.name) for change in compare([], after, release.namespace)]
        return Difference(environment, tuple(changes), tuple(notes), first=True)
    try:
        present = release_of(build(folder / "before" / path), service)
        # Where its source lies elsewhere, the chart is looked for where the new one is.
        chart = fetch(present.chart or release.chart, present.reference, folder, config.plain_http)
        before = objects_of(present, chart, config.kube_version)
    except Refused as error:
        notes.append(f"What runs there could not be rendered, so nothing is compared: {error.what}")
        return Difference(environment, notes=tuple(notes))
    if (present.name, present.namespace) != (release.name, release.namespace):
        notes.append(
            f"The release moves from {present.namespace}/{present.name} to {release.namespace}/{release.name}."
        )
    return Difference(environment, tuple(compare(before, after, release.namespace)), tuple(notes))


def _new_chart(shipped: Shipped, folder: Path) -> Path:
    if shipped.archive and shipped.archive.is_file():
        return shipped.archive
    chart = chart_of(shipped.waybill)
    repository = str(chart.repository or "").removeprefix("oci://")
    return fetch(f"{repository}/{chart.name}", chart.version, folder, shipped.config.plain_http)


def export(git: Git, revision: str, folder: Path) -> Path:
    """The regular files of a revision, below `folder`; a path that would leave it is left out."""
    for path, data in git.files(revision, ".").items():
        if not {"..", ".git", ""} & set(PurePosixPath(path).parts) and not path.startswith("/"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    return folder


def markdown(differences: Sequence[Difference]) -> str:
    return "\n".join(line for difference in differences for line in _markdown(difference))


def _markdown(difference: Difference) -> list[str]:
    lines = [f"#### What changes in {difference.environment}", "", summary(difference), ""]
    lines += [f"- {note}" for note in difference.notes] + [""] * bool(difference.notes)
    for change in difference.changes:
        if change.lines:
            ticks = [len(run) for line in change.lines for run in re.findall("`+", line)]
            fence = "`" * max([3, *(length + 1 for length in ticks)])
            lines += [f"**{change.what}** `{change.name}`", f"{fence}diff", *change.lines, fence, ""]
        elif change.what != "version labels":
            lines.append(f"- **{change.what}** `{change.name}`")
    return [*lines, ""]


def plain(differences: Sequence[Difference]) -> str:
    lines = []
    for difference in differences:
        lines += [f"{difference.environment}: {summary(difference)}", *(f"  {note}" for note in difference.notes)]
        for change in difference.changes:
            if change.what != "version labels":
                lines += [f"  {change.what} {change.name}", *(f"    {line}" for line in change.lines)]
    return "\n".join(lines)


def summary(difference: Difference) -> str:
    count = Counter(change.what for change in difference.changes)
    labels = count.pop("version labels", 0)
    if difference.first:
        return f"The first release there: {count['added']} objects."
    said = ", ".join(f"{number} {what}" for what, number in count.items()) or "no object"
    return f"{said[0].upper()}{said[1:]}" + (f"; {labels} in their version labels alone." if labels else ".")
