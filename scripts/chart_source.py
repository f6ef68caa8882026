"""A chart's folder as a commit holds it, written to a temporary folder: never the work tree, never its filters."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import yaml

from .clients.git import Entry, Git
from .errors import Refused

LINK, SUBMODULE = "120000", "160000"
# Chart.yaml and Chart.lock, and their forms in charts of apiVersion v1.
DECLARED, LOCKED = ("Chart.yaml", "requirements.yaml"), ("Chart.lock", "requirements.lock")


def export(git: Git, commit: str, chart: str, others: Sequence[str], root: Path) -> Path:
    """Writes the folder `chart` and the files `others` of `commit` below `root`, every file as old as the commit;
    returns the chart's folder.

    A link or a dependency may lead out of the chart: then the whole tree is written. What the commit does not hold
    (a submodule, a link to elsewhere) is refused.
    """
    entries = git.tree(commit, chart)
    folder, seconds = root / chart, git.committed(commit)
    wide = any(entry.mode == LINK for entry in entries) or any(
        str(dependency.get("repository") or "").startswith("file://")
        for entry in entries
        if entry.path in DECLARED
        for dependency in _dependencies(entry.data)
    )
    if wide:
        _write(git.tree(commit), root, seconds)
    else:
        _write(entries, folder, seconds)
        _write([Entry("100644", path, data) for path, data in git.files(commit, *others).items()], root, seconds)
    for entry in entries:
        _refuse_foreign(entry, folder)
    for path in others:
        if not (root / path).is_file():
            raise Refused(
                f"The commit holds no {path}, which `values` names.",
                "Commit the file, or take it out of `values` in waybill.toml.",
                fault="repository",
            )
    return folder


def lacks_dependencies(folder: Path) -> bool:
    """Whether a dependency that the lock names is not in charts/; refused where some are declared and none locked."""
    declared = [item for name in DECLARED for item in _dependencies(_read(folder / name))]
    locked = [item for name in LOCKED for item in _dependencies(_read(folder / name))]
    charts = folder / "charts"

    def lacks(item: dict[str, object]) -> bool:
        name = item.get("name")
        return not (charts / f"{name}" / "Chart.yaml").is_file() and not any(charts.glob(f"{name}-*.tgz"))

    missing = [item for item in declared if lacks(item)]
    if missing and not locked:
        raise Refused(
            f"The chart needs {', '.join(str(item.get('name')) for item in missing)}, and its commit holds neither "
            "that nor a Chart.lock.",
            "Run `helm dependency update` in the chart's folder and commit Chart.lock.",
            fault="chart",
        )
    return bool(missing)


def _write(entries: Sequence[Entry], folder: Path, seconds: int) -> None:
    links = []
    for entry in entries:
        path = folder / entry.path
        if ".." in PurePosixPath(entry.path).parts:
            raise Refused(f"The commit holds the path {entry.path!r}.", "Remove it.", fault="repository")
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.mode == LINK:
            links.append((path, os.fsdecode(entry.data)))
        elif entry.mode != SUBMODULE:
            path.write_bytes(entry.data)
            os.utime(path, (seconds, seconds))
    # Last, so that nothing is written through one; those that lead out of the tree, or nowhere, are no part of it.
    for path, target in links:
        path.symlink_to(target)
    for path, _ in links:
        if not _leads_into(folder, path):
            path.unlink()


def _leads_into(root: Path, link: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return False


def _refuse_foreign(entry: Entry, folder: Path) -> None:
    if entry.mode == SUBMODULE:
        raise Refused(
            f"{entry.path} in the chart is a submodule, whose files its commit does not hold.",
            "Copy the files into the chart, or make them a dependency of it.",
            fault="chart",
        )
    if entry.mode == LINK and not (folder / entry.path).is_symlink():
        raise Refused(
            f"{entry.path} in the chart is a link to {os.fsdecode(entry.data)!r}, which its commit does not hold.",
            "Replace the link by the file.",
            fault="chart",
        )


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _dependencies(source: bytes) -> list[dict[str, object]]:
    try:
        document = yaml.load(source, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return []  # helm says it better
    found = document.get("dependencies") if isinstance(document, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
