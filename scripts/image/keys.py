"""Where values.yaml names the image: repository + digest, one reference, or repository + tag; a repository's host may
stand in a key of its own, registry."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import Refused
from ..yaml.document import parse as document
from ..yaml.document import shown
from ..yaml.edit import Path, has, set_scalar
from ..yaml.edit import read as scalar

FORMS = (("repository", "digest"), ("repository", "tag"), ("reference",))
# `host:port/path`, a tag that images do not need, a digest: the grammar of github.com/distribution/reference, loosely.
_REFERENCE = re.compile(r"(?P<repository>.*?)(:[^/:@]*)?(@(?P<digest>.*))?", re.DOTALL)


@dataclass(frozen=True)
class ImageKeys:
    """The paths into values.yaml by name; the names are one of FORMS, with `registry` beside a repository."""

    paths: Mapping[str, Path]


def parse(table: Mapping[str, str | tuple[str | int, ...]]) -> ImageKeys:
    """The [image] table of waybill.toml; a path is dotted (`containers.0.image`: the digits index a list) or an array
    of keys and indexes."""
    names = set(table) - ({"registry"} if "repository" in table else set())
    if names not in map(set, FORMS):
        given = ", ".join(table) or "nothing"
        raise Refused(
            f"[image] has {given}, which is none of the forms that Waybill writes.",
            f"Give {', or '.join(' and '.join(form) for form in FORMS)}; beside repository also registry, if the "
            "registry's host has a key of its own.",
            fault="you",
        )
    paths = {name: _path(name, path) for name, path in table.items()}
    if len(set(paths.values())) < len(paths):
        raise Refused(f"[image] names one key for both {' and '.join(paths)}.", "Name a key for each.", fault="you")
    return ImageKeys(paths)


def read(keys: ImageKeys, values: bytes, *, name: str = "values.yaml") -> tuple[str, str]:
    """Repository and digest as values.yaml has them, "" where absent; a tag is left out."""
    texts = {key: scalar(values, path, name=name) or "" for key, path in keys.paths.items()}
    if "reference" in texts:
        found = _REFERENCE.fullmatch(texts["reference"])
        return (found["repository"], found["digest"] or "") if found else ("", "")
    repository = "/".join(texts[key] for key in ("registry", "repository") if texts.get(key))
    return repository, texts["digest"] if "digest" in texts else texts["tag"].partition("@")[2]


def write(
    keys: ImageKeys, values: bytes, repository: str, digest: str, commit: str, *, name: str = "values.yaml"
) -> bytes:
    """`values`, the content of the file `name`, with the image in it, every other byte as it was.

    The key `digest` alone may be missing and is added behind its sibling; the rest shows where the image stands.
    """
    host, rest = _split(repository) if "registry" in keys.paths else ("", repository)
    texts = {
        "registry": host,
        "repository": rest,
        "digest": digest,
        "reference": f"{repository}@{digest}",
        "tag": f"{commit[:12]}@{digest}",
    }
    for key, path in keys.paths.items():
        _needs(values, path, name, may_be_added=key == "digest")
        beside = keys.paths.get("repository", ())
        after = str(beside[-1]) if beside and beside[:-1] == path[:-1] else None
        values = set_scalar(values, path, texts[key], after=after, name=name)
    return values


def _split(repository: str) -> tuple[str, str]:
    """Host and path, as container tools split them; without a host they mean Docker Hub."""
    host, _, path = repository.partition("/")
    if not path or not (set(".:") & set(host) or host == "localhost"):
        raise Refused(
            f"{repository} has no registry host, but [image] has a key for it.",
            "Give --image with its host; for Docker Hub that is docker.io, with official images in library/.",
            fault="you",
        )
    return host, path


def in_template(path: Path) -> str:
    """How a chart's template reads the value at `path`."""
    if all(re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", str(key)) for key in path):
        return ".Values." + ".".join(map(str, path))
    return f"(index .Values {' '.join(json.dumps(key) for key in path)})"


def _path(name: str, path: str | tuple[str | int, ...]) -> Path:
    keys = (
        tuple(int(key) if re.fullmatch("[0-9]+", key) else key for key in path.split("."))
        if isinstance(path, str)
        else path
    )
    if not keys or "" in keys:
        raise Refused(
            f"{name} = {path!r} in [image] is no path into values.yaml.",
            'Write it with dots, as "image.digest", or as an array of keys and indexes.',
            fault="you",
        )
    return keys


def _needs(values: bytes, path: Path, name: str, *, may_be_added: bool) -> None:
    missing = document(values, name, "chart").find(path) is None
    if missing and not (may_be_added and has(values, path[:-1], name=name)):
        raise Refused(
            f"{name} has no {shown(path)}, so there is no place for the image.",
            "Add the key where the templates use it, or name the right key in [image] of waybill.toml.",
            fault="chart",
        )
