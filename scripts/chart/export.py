"""A chart's folder as a commit holds it, written to a temporary folder: never the work tree, never its filters."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ..clients.git import Git, TreeFile
from ..errors import Refused
from ..folder import lay_out
from .dependencies import declared

LINK, SUBMODULE = "120000", "160000"


def export(git: Git, commit: str, chart: str, others: Sequence[str], root: Path) -> Path:
    """Writes the folder `chart` and the files `others` of `commit` below `root`, every file with the commit's time;
    returns the chart's folder.

    A link or a dependency may lead out of the chart: then the whole tree is written. What the commit does not hold
    (a submodule, a link or a dependency elsewhere) is refused.
    """
    entries, seconds = git.tree(commit, chart), git.committed(commit)
    folder = root / chart
    near = [item.folder for item in declared({entry.path: entry.data for entry in entries}) if item.folder]
    if near or any(entry.mode == LINK for entry in entries):
        _write(git.tree(commit), root, seconds)
    else:
        _write(entries, folder, seconds)
        _write([TreeFile("100644", path, data) for path, data in git.files(commit, *others).items()], root, seconds)
    for entry in entries:
        _refuse_foreign(entry, folder)
    for path in near:
        if not _leads_into(root, folder / path):
            raise Refused(
                f"The chart depends on the chart in {path}, which its commit does not hold.",
                "Commit it there (the path is relative to the chart's folder), or publish it and name its repository.",
                fault="chart",
            )
    for path in others:
        if not (root / path).is_file():
            raise Refused(
                f"The commit holds no file {path}, which `values` names.",
                "Commit the file, or take it out of `values` in waybill.toml.",
                fault="repository",
            )
    return folder


def _write(entries: Sequence[TreeFile], root: Path, seconds: int) -> None:
    links = []
    for entry in entries:
        path = root / entry.path
        if ".." in PurePosixPath(entry.path).parts:
            raise Refused(f"The commit holds the path {entry.path!r}.", "Remove it.", fault="repository")
        if entry.mode == LINK:
            path.parent.mkdir(parents=True, exist_ok=True)
            links.append((path, entry.data))
        elif entry.mode != SUBMODULE:
            lay_out(path, entry.data, f"{entry.path:.200} of the chart")
            os.utime(path, (seconds, seconds))
    # Last, so that nothing is written through one; those that lead out of the tree, or nowhere, are no part of it.
    for path, target in links:
        os.symlink(target, os.fsencode(path))
    for path, _ in links:
        if not _leads_into(root, path):
            path.unlink()


def _leads_into(root: Path, path: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return False


def _refuse_foreign(entry: TreeFile, folder: Path) -> None:
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
