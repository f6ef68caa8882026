"""The sources by which Flux fetches the repo, and what GitRepositories leave out of it:
https://fluxcd.io/flux/components/source/gitrepositories/."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from posixpath import commonpath, dirname

from ..gitops.ignore import is_left_out, patterns
from ..gitops.objects import Located
from ..yaml.objects import at

GIT, OCI = "GitRepository", "OCIRepository"


def nearest(every: Iterable[Located], file: str) -> tuple[Located, ...]:
    """Those that lie nearest to `file`: each cluster may have one of the same name."""
    by_distance: dict[int, list[Located]] = {}
    for it in every:
        by_distance.setdefault(_shared(it.file, file), []).append(it)
    return tuple(by_distance[max(by_distance)]) if by_distance else ()


def _shared(one: str, other: str) -> int:
    """How many folders two files have in common."""
    return len(PurePosixPath(commonpath([dirname(one), dirname(other)])).parts)


def followed_instead(source: Located, branch: str) -> str:
    """What a GitRepository follows that is not `branch`: `the tag v1`, say; "": it follows that."""
    there = _followed(source)
    return "" if there == f"the branch {branch}" else there


def _followed(source: Located) -> str:
    """The first of these that is there counts. https://fluxcd.io/flux/components/source/gitrepositories/#reference"""
    ref = at(source.value, "spec", "ref")
    for key in ("commit", "name", "semver", "tag", "branch"):
        if text := at(ref, key):
            return f"the {'ref' if key == 'name' else key} {text}".replace("the ref refs/heads/", "the branch ")
    return "the branch master"


def included(source: Located, folder: str) -> Iterator[str]:
    """What of other repositories Flux puts into `folder`, or into one of which that is a part, in words."""
    every = at(source.value, "spec", "include")
    for it in every if isinstance(every, list) else []:
        name = at(it, "repository", "name")
        to = PurePosixPath(str(at(it, "toPath") or name or "")).as_posix().strip("/")
        if PurePosixPath(folder).is_relative_to(to) or PurePosixPath(to).is_relative_to(folder):
            yield f"what include of {source.kind} {source.name} in {source.file} puts there from {name}"


def left_out(sources: Sequence[Located], paths: Iterable[str]) -> Iterator[str]:
    """Which of the files at `paths` Flux does not get, and why, in words."""
    paths = sorted(paths)
    for it in (it for it in sources if it.kind == GIT):
        ignore, sparse = (at(it.value, "spec", key) for key in ("ignore", "sparseCheckout"))
        said = patterns(ignore.encode()) if isinstance(ignore, str) else []
        ignored = [path for path in paths if is_left_out(path, said)]
        folders = list(map(str, sparse)) if isinstance(sparse, list) else []
        beside = [path for path in paths if folders and not any(PurePosixPath(path).is_relative_to(f) for f in folders)]
        for key, found in (("ignore", ignored), ("sparseCheckout", beside)):
            if found:
                more = f" and {len(found) - 1} more" if len(found) > 1 else ""
                yield f"{found[0]}{more}, which {key} of GitRepository {it.name} in {it.file} leaves out"
