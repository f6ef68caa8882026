"""What git holds of a chart and what the chart says have to be one: no pointers in place of files, and Chart.yaml's
dependencies, Chart.lock and charts/ agree."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..clients.git_filters import left
from ..yaml.objects import read
from .dependencies import DECLARED, LOCKED, Dependency, declared
from .findings import Finding
from .ranges import within

# What Helm reads itself, with a less helpful message.
_NEEDED = ("Chart.", "requirements.", "values.", "templates/", "charts/", "crds/")
_UPDATE = "Run `helm dependency update` in the chart's folder and commit Chart.lock and charts/."
_ONE = "Use one version of it, by its aliases as often as you like; or publish the other under another name."


class Bundled(NamedTuple):
    """A chart that lies in charts/."""

    name: str
    version: str
    path: str


def findings(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """`files` are those of the chart's folder, by their path in it. Of others than these .helmignore may keep some out
    of the archive, where they are looked for again."""
    yield from pointers({path: data for path, data in files.items() if path.startswith(_NEEDED)})
    yield from out_of_step(files)


def pointers(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """What filters of git left in place of files."""
    for path, data in files.items():
        if found := left(data):
            yield Finding(path, *found)


def out_of_step(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """A chart that lies packed in charts/ is judged in the archive, in which Helm unpacks it."""
    needed, bundled = declared(files), list(_bundled(files))
    # A lock has the form of what it locks.
    fixed = declared({name: files.get(lock, b"") for name, lock in zip(DECLARED, LOCKED, strict=True)})
    chart, lock = (next((name for name in reversed(names) if name in files), names[0]) for names in (DECLARED, LOCKED))
    if fixed:
        for item in needed:
            if item.name not in {other.name for other in fixed}:
                yield Finding(f"{lock}", f"does not name {item.name}, which {chart} needs", _UPDATE)
        for item in fixed:
            if item.name not in {other.name for other in needed}:
                yield Finding(f"{lock}", f"names {item.name}, which {chart} does not need", _UPDATE)
    for item in needed:
        pins = [other for other in fixed if other.name == item.name]
        if pins and all(within(other.version, item.version) is False for other in pins):
            versions = " and ".join(other.version for other in pins)
            yield Finding(lock, f"holds {item.name} {versions}, while {chart} wants {item.version}", _UPDATE)
    pinned = fixed or needed
    split = {item.name for item in pinned if _is_split(item.name, pinned, bundled)} if fixed or bundled else set[str]()
    for name in sorted(split):
        versions = " and ".join(item.version for item in pinned if item.name == name)
        yield Finding(lock if fixed else chart, f"holds {name} {versions}, of which Helm packages one alone", _ONE)
    for item in pinned:
        there = [other for other in bundled if other.name == item.name]
        if there and item.name not in split and not any(_fits(other, item) for other in there):
            paths = " and ".join(f"{other.path} is {other.version}" for other in there)
            yield Finding(
                lock if fixed else chart,
                f"says {item.name} {item.version}, while {paths}: that would be shipped",
                _UPDATE,
            )


def _is_split(name: str, pinned: Sequence[Dependency], bundled: Sequence[Bundled]) -> bool:
    """Whether one chart is wanted in several versions: Helm gives each the same folder of the package."""
    items = [item for item in pinned if item.name == name]
    one = any(all(_fits(it, item) for item in items) for it in bundled if it.name == name)
    return len({item.version for item in items}) > 1 and not one


def _fits(there: Bundled, wanted: Dependency) -> bool:
    """Of a chart without a repository the lock repeats the range."""
    return there.version == wanted.version or within(there.version, wanted.version) is not False


def _bundled(files: Mapping[str, bytes]) -> Iterator[Bundled]:
    for path, data in files.items():
        match path.split("/"):
            case ["charts", folder, "Chart.yaml"]:
                chart = data
            case _:
                continue
        try:
            found = next((document.value for document in read(chart)), None)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield Bundled(str(found.get("name")), str(found.get("version")), f"charts/{folder}")
