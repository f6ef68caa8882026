"""gitops-templates/, from which the files of a new service or environment are copied."""

from functools import cache
from pathlib import Path

from ..yaml.edit import Path as Keys
from ..yaml.edit import read, set_scalar

# Where a template has `service`.
_NAMES: dict[str, tuple[Keys, ...]] = {
    "helmrepository.yaml": (("metadata", "name"),),
    "ocirepository.yaml": (("metadata", "name"),),
    "helmrelease.yaml": (
        ("metadata", "name"),
        ("spec", "chart", "spec", "chart"),
        ("spec", "chart", "spec", "sourceRef", "name"),
        ("spec", "chartRef", "name"),
    ),
    "release.yaml": (("metadata", "name"),),
    "source.yaml": (("metadata", "name"),),
}


def folder(path: str, service: str) -> dict[str, bytes]:
    """The files of a template's folder by name, with the service's name filled in."""
    return {found.name: _named(found, service) for found in sorted((_top() / path).iterdir())}


def file(path: str) -> bytes:
    return (_top() / path).read_bytes()


def _named(path: Path, service: str) -> bytes:
    data = path.read_bytes()
    for keys in _NAMES.get(path.name, ()):
        if read(data, keys) is not None:
            data = set_scalar(data, keys, service)
    return data


@cache
def _top() -> Path:
    """Inside the installed package, or at the top of the checkout."""
    package = Path(__file__).parents[1]
    inside = package / "gitops-templates"
    return inside if inside.is_dir() else package.parent / "gitops-templates"
