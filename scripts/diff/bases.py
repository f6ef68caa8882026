"""What a kustomization reads, all of which must lie in the GitOps repo: kustomize would fetch the rest from wherever it
says, from this machine's own services and files too.

https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
"""

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from os.path import isfile, join, normpath  # Path's own isfile raises for a name that is too long
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..clients.process import censor
from ..errors import Refused
from ..yaml.objects import read

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
# Keys of files, folders and addresses, which kustomize reads in any case; those of a file, or text, that names others
# itself.
CONFIGS = frozenset(["generators", "transformers", "validators"])
PLACES = (
    CONFIGS
    | frozenset(
        ["resources", "bases", "components", "crds", "configurations", "patchesstrategicmerge", "path", "paths"]
    )
    | frozenset(["files", "env", "envs", "repo", "charthome", "valuesfile"])
)
# An address of any scheme, of git over ssh (`git@host:path`), or of GitHub without a scheme.
REMOTE = re.compile(r"(?i)(?:[\w.-]+=)?(?:[a-z][a-z0-9+.-]*:|[\w.-]+@|(?:www\.)?github\.com[/:])|.*(?:://|[?&]ref=)")


class Link(Struct, frozen=True):
    """`file`, a kustomization or what one names, says `text`, by which kustomize finds `target`."""

    file: Path
    text: str
    target: Path


def refuse_foreign(folder: Path, root: Path) -> None:
    """Refuses, with the file named, what the kustomization in `folder` and those that it names read from outside
    `root`."""
    root = root.resolve()
    for it in links(folder.resolve(), of=root):
        if REMOTE.match(it.text) or not it.target.is_relative_to(root):
            raise Refused(
                f"{it.file.relative_to(root)} names {censor(it.text)}, which does not lie in the GitOps repo: it is "
                "not fetched.",
                "Copy what it holds into the GitOps repo, and name it there.",
                fault="gitops",
            )


def reach(folder: Path, root: Path) -> set[Path]:
    """The folder, and all files and folders of the repo at `root` that kustomize reads to build it."""
    root, folder = root.resolve(), folder.resolve()
    found = (path for it in links(folder) for path in (it.file, it.target))
    return {folder, *(path for path in found if path.is_relative_to(root))}


def links(folder: Path, *, of: Path | None = None) -> Iterator[Link]:
    """Everything that is named on the way, before what it names is read. Of the repo `of`, where it is given, a file is
    refused that cannot be read."""
    left, seen = [folder], set[Path]()
    while left:
        here = left.pop()
        if here in seen:
            continue
        seen.add(here)
        if here == folder and not is_kustomization(folder):
            for part in generated(folder):
                yield Link(folder, str(part.relative_to(folder)), part)
                left += [] if isfile(part) else [part]
        for file in [here] if isfile(here) else [here / name for name in FILES if isfile(here / name)]:
            for key, place in _named(file, of):
                # No link lies there: what a commit has of them is not written out.
                target = Path(normpath(join(file.parent, place.replace("\0", ""))))
                yield Link(file, place, target)
                if key in CONFIGS or not isfile(target):
                    left.append(target)


def walk(top: Path, ends: tuple[str, ...]) -> Iterator[Path]:
    """The files at and below `top` whose names end so, in order."""
    for folder, folders, names in os.walk(top):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(ends))


def is_kustomization(folder: Path) -> bool:
    return any(isfile(folder / name) for name in FILES)


def generated(folder: Path) -> list[Path]:
    """What Flux takes for the resources of a folder without a kustomization: all manifests at and below it, and of a
    folder with one that folder (github.com/fluxcd/pkg, kustomize/kustomize_generator.go)."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_dir():
            found += [path] if is_kustomization(path) else generated(path)
        elif path.suffix in (".yaml", ".yml"):
            found.append(path)
    return found


def _named(file: Path, root: Path | None) -> list[tuple[str, str]]:
    """What the file names, with the keys."""
    try:
        return _places(file.read_bytes())
    except ValueError as error:
        if root is None:
            return []
        raise Refused(
            f"{file.relative_to(root)} cannot be read, so what it fetches is not known: {error}",
            "Correct the file.",
            fault="gitops",
        ) from error


@lru_cache(1024)
def _places(text: bytes) -> list[tuple[str, str]]:
    """Every text below a key of PLACES, with the key. Raises ValueError for text that is not YAML."""
    return [it for document in read(text) for it in _below(document.value, "")]


def _below(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _below(part, name.lower())
    elif isinstance(value, list):
        for part in value:
            yield from _below(part, key)
    elif isinstance(value, str) and key in PLACES:
        if "\n" not in value:
            yield key, value.partition("=")[2] if key == "files" and "=" in value else value
        elif key in CONFIGS:
            yield from _places(value.encode())
