"""What Flux does to a folder of the GitOps repo before it applies it, which is not done here:
https://fluxcd.io/flux/components/kustomize/kustomizations/."""

from collections.abc import Iterator, Mapping, Sequence
from os.path import isfile
from pathlib import Path, PurePosixPath
from typing import Any

from ..gitops.objects import Located
from ..yaml.objects import at, read
from .bases import links
from .kustomizations import PATCHES, FluxKustomization
from .sources import GIT, OCI, followed_instead, included, left_out
from .trial import read_files

MOVES = ("namespace", "targetNamespace", "namePrefix", "nameSuffix")
MOVING = (*MOVES, *PATCHES, "components", "transformers")
# Of a Flux Kustomization, or of a kustomization file above the folder: what changes the objects in it.
CHANGING = (
    *("postBuild", *PATCHES, "images", "components", *MOVES, "commonMetadata", "labels", "commonLabels"),
    *("commonAnnotations", "replicas", "replacements", "transformers", "vars"),
)
# What changes Flux Kustomizations themselves, and so what they do; a substitution only where there is something to
# substitute.
ABOVE = (*PATCHES, "components", "replacements", "transformers", "vars")
# What holds some files of a GitOps repo, as something else copied them.
COPIES = ("Bucket", "ExternalArtifact", OCI)


class Appliers:
    """How Flux comes to `place`, a folder or a file of the repo at `root`, whose Flux Kustomizations are `every`.
    `branch` is the one that is proposed for, `submodules` are the folders that the repo has of others."""

    def __init__(
        self,
        root: Path,
        place: str,
        every: Sequence[FluxKustomization],
        branch: str = "",
        submodules: Sequence[str] = (),
    ) -> None:
        self._root, self._place, self._every = root.resolve(), place, every
        self._branch, self._submodules = branch, submodules
        self._named: dict[str, dict[Path, Path]] = {}
        self._found = list(self._applying(place))

    def unseen(self) -> list[str]:
        """What they do to it, in sentences without a full stop."""
        if not self._found:
            return [f"the Flux Kustomization that applies {self._place}, which is not found in the GitOps repo"]
        said = [*self._kept_back()]
        said += [what for it, files in self._found for what in self._changes(it, files, CHANGING)]
        said += [f"when Flux applies it: {it.file} is suspended" for it, _ in self._found if it.spec.get("suspend")]
        for it, child, files in self._above():
            said += [f"{what} in {child}" for what in self._changes_above(it, child, files)]
            said += [f"when Flux applies {child}: {it.file} is suspended"] if it.spec.get("suspend") else []
        return [*dict.fromkeys(said)]

    def _kept_back(self) -> Iterator[str]:
        files = read_files(self._root, self._place) if any(it.sources for it, _ in self._found) else {}
        for it, _ in self._found:
            if it.source[0] in COPIES and not it.is_made:
                yield f"which files of {self._place} are in {' '.join(it.source)}, which {it.file} applies"
            for source in it.sources:
                spec = at(source.value, "spec")
                if at(spec, "suspend"):
                    yield f"when Flux applies it: {source.kind} {source.name} in {source.file} is suspended"
                yield from self._of_git(source) if source.kind == GIT else ()
                if found := [key for key in ("ignore", "layerSelector") if it.is_made and at(spec, key)]:
                    yield f"what {' and '.join(found)} in {source.file} changes"
            for said in left_out(it.sources, files):
                yield f"what Flux makes of {self._place} without {said}"

    def _of_git(self, source: Located) -> Iterator[str]:
        """Where Flux gets something else than lies in the branch."""
        if self._branch and (there := followed_instead(source, self._branch)):
            yield (
                f"when Flux applies it: {source.kind} {source.name} in {source.file} follows {there}, and it is "
                f"proposed for {self._branch} (`gitops_branch` in waybill.toml)"
            )
        yield from included(source, self._place)
        inside = [it for it in self._submodules if PurePosixPath(it).is_relative_to(self._place)]
        if inside and at(source.value, "spec", "recurseSubmodules"):
            yield f"what the submodule {' and '.join(inside)} holds, which {source.kind} {source.name} fetches"

    def leaves(self) -> bool:
        """Whether Flux is sure to apply what the folder builds as it is, but for what it fills in."""
        keys = [key for key in CHANGING if key != "postBuild"]
        changed = any(True for it, files in self._found for _ in self._changes(it, files, tuple(keys)))
        return bool(self._found) and not changed and not self.is_patched_above()

    def stays(self) -> bool:
        """Whether Flux is sure to leave names and namespaces as the folder builds them."""
        sources = [source for it, files in self._found for _, source in self._sources(it, files)]
        moving = any(source.get(key) is not None for source in sources for key in MOVING)
        return bool(self._found) and not moving and not self.is_patched_above()

    def is_patched_above(self) -> bool:
        """Whether something changes the Flux Kustomizations that apply it."""
        return any(True for it, child, files in self._above() for _ in self._changes_above(it, child, files))

    def _changes_above(self, it: FluxKustomization, child: str, files: list[Path]) -> Iterator[str]:
        substituted = b"${" in (self._root / child).read_bytes()
        return self._changes(it, files, ("postBuild", *ABOVE) if substituted else ABOVE)

    def _above(self) -> Iterator[tuple[FluxKustomization, str, list[Path]]]:
        """Those that apply the file of one that applies it, with that file, and so on upwards."""
        left, seen = [it.file for it, _ in self._found], set[str]()
        while left:
            if (child := left.pop()) in seen:
                continue
            seen.add(child)
            for it, files in self._applying(child):
                if it.file != child:
                    yield it, child, files
                    left.append(it.file)

    def _applying(self, place: str) -> Iterator[tuple[FluxKustomization, list[Path]]]:
        """Each with the kustomization files on the way."""
        target = (self._root / place).resolve()
        for it in self._every:
            start = (self._root / it.folder).resolve()
            if it.folder not in self._named:
                found = links(start) if start.is_relative_to(self._root) else ()
                self._named[it.folder] = {link.target: link.file for link in reversed(list(found))}
            named = self._named[it.folder]
            if target == start or target in named:
                yield it, list(_way(target, start, named))

    def _changes(self, it: FluxKustomization, files: list[Path], keys: tuple[str, ...]) -> Iterator[str]:
        for file, source in self._sources(it, files):
            if names := [name for name in keys if source.get(name)]:
                yield f"what {' and '.join(names)} in {file} changes"

    def _sources(self, it: FluxKustomization, files: list[Path]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        yield it.file, it.spec
        yield from ((str(file.relative_to(self._root)), _kustomization(file)) for file in files)


def _way(target: Path, start: Path, named: Mapping[Path, Path]) -> Iterator[Path]:
    """The kustomization files that name it; where there is none in `start`, Flux generates one."""
    seen = set[Path]()
    while target != start and target in named and target not in seen:
        seen.add(target)
        source = named[target]
        if isfile(source):
            yield source
        target = source.parent if isfile(source) else source


def _kustomization(file: Path) -> Mapping[str, Any]:
    """Empty for what cannot be read: where it is built, kustomize says why."""
    try:
        value = next((document.value for document in read(file.read_bytes())), None)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
