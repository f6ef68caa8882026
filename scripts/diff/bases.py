"""What a kustomization reads, all of which must lie in the GitOps repo: kustomize would fetch the rest from wherever it
says, from this machine's own services and files too.

https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
"""

import re
from collections.abc import Iterator
from os.path import isfile  # Path's own raises for a name that is too long
from pathlib import Path
from typing import Any

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


def refuse_foreign(folder: Path, root: Path) -> None:
    """Refuses, with the file named, what the kustomization in `folder` and those that it names read from outside
    `root`."""
    root, left, seen = root.resolve(), [folder.resolve()], set[Path]()
    while left:
        here = left.pop()
        if here in seen:
            continue
        seen.add(here)
        for file in [here] if isfile(here) else [here / name for name in FILES if isfile(here / name)]:
            for key, place in _places(file.read_bytes(), str(file.relative_to(root))):
                target = Path(file.parent / place.replace("\0", "")).resolve()
                if REMOTE.match(place) or not target.is_relative_to(root):
                    raise Refused(
                        f"{file.relative_to(root)} names {censor(place)}, which does not lie in the GitOps repo: it is "
                        "not fetched.",
                        "Copy what it holds into the GitOps repo, and name it there.",
                        fault="gitops",
                    )
                if key in CONFIGS or not isfile(target):
                    left.append(target)


def _places(text: bytes, name: str) -> Iterator[tuple[str, str]]:
    """Every text below a key of PLACES, with the key; `name` is that of the file."""
    try:
        values = [document.value for document in read(text)]
    except ValueError as error:
        raise Refused(
            f"{name} cannot be read, so what it fetches is not known: {error}", "Correct the file.", fault="gitops"
        ) from error
    for value in values:
        yield from _below(value, "", name)


def _below(value: Any, key: str, file: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _below(part, name.lower(), file)
    elif isinstance(value, list):
        for part in value:
            yield from _below(part, key, file)
    elif isinstance(value, str) and key in PLACES:
        if "\n" not in value:
            yield key, value
        elif key in CONFIGS:
            yield from _places(value.encode(), file)
