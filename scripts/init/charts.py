"""The charts that a commit holds, and which of them is meant."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from ..clients.git import Git
from ..errors import Refused
from ..yaml.edit import read

FILE = "Chart.yaml"


def chart_in(git: Git, given: str | None, below: PurePosixPath) -> str:
    """The folder `given`, else `chart` in the folder `below`, else the only one there with a chart of an application;
    refused where there is none, or several."""
    every = applications(git)
    if given is not None:
        if given not in every:
            raise Refused(
                f"HEAD holds no chart of an application in {given}.",
                f"Its charts are in {', '.join(every)}." if every else "Commit one (`helm create` makes one).",
                fault="you",
            )
        return given
    every = [it for it in every if PurePosixPath(it).is_relative_to(below)] or every
    if not every:
        raise Refused("HEAD holds no chart.", "Commit one, such as `helm create` makes in chart/.", fault="repository")
    if (usual := str(below / "chart")) in every:
        return usual
    if len(every) > 1:
        raise Refused(
            f"HEAD holds {len(every)} charts: {', '.join(every[:12])}{' and more' if len(every) > 12 else ''}.",
            "Name the one that is meant with --chart; run it in a folder of its own for each service.",
            fault="you",
        )
    return every[0]


def applications(git: Git) -> Sequence[str]:
    """The folders of charts that are no libraries and lie in no other chart."""
    if git.commit("HEAD") is None:
        return []
    paths = git.run("ls-tree", "-r", "--name-only", "--full-tree", "HEAD").splitlines()
    folders = [PurePosixPath(path).parent for path in paths if PurePosixPath(path).name == FILE]
    alone = [it for it in folders if not any(it != other and it.is_relative_to(other / "charts") for other in folders)]
    return sorted(str(it) for it in alone if not _library(git, str(it / FILE)))


def _library(git: Git, path: str) -> bool:
    try:
        return read(git.blob("HEAD", path) or b"", ("type",), name=path) == "library"
    except Refused:
        return False
