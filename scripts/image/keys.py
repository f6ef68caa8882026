"""Where values.yaml names an image: a block for each place, in one of the forms below; a repository's host may stand in
a key of its own, registry."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ..errors import Refused
from ..yaml.document import parse as document
from ..yaml.document import shown
from ..yaml.edit import Path, has, set_scalar
from ..yaml.edit import read as scalar
from .by_name import Images

FORMS = (("repository", "digest"), ("repository", "tag"), ("repository", "tag", "digest"), ("reference",))
PATHS = ("registry", "repository", "digest", "tag", "reference")
# `host:port/path`, a tag that images do not need, a digest: the grammar of github.com/distribution/reference, loosely.
_REFERENCE = re.compile(r"(?P<repository>.*?)(:[^/:@]*)?(@(?P<digest>.*))?", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A place of the image `name`: the paths into values.yaml by key; the keys are one of FORMS, with `registry` beside
    a repository."""

    name: str
    paths: Mapping[str, Path]

    @property
    def mapping(self) -> set[Path]:
        """The mappings that hold the keys, or the keys where they lie at the top."""
        return {path[:-1] or path for path in self.paths.values()}


def parse(tables: Mapping[str, Any] | Sequence[Mapping[str, Any]], service: str) -> tuple[Block, ...]:
    """The [image] table of waybill.toml, or its [[image]] tables; a path is dotted (`containers.0.image`: the digits
    index a list) or an array of keys and indexes."""
    if isinstance(tables, Mapping):
        return (_block("[image]", tables, service),)
    if not tables:
        raise Refused(
            "waybill.toml names no image.", "Write an [image] table, or leave `image` out for the default.", fault="you"
        )
    return tuple(_block(f"[[image]] number {number}", table, service) for number, table in enumerate(tables, 1))


def names(blocks: Sequence[Block]) -> tuple[str, ...]:
    """Each once, in the order of waybill.toml."""
    return tuple(dict.fromkeys(block.name for block in blocks))


def read(block: Block, values: bytes, *, name: str = "values.yaml") -> tuple[str, str]:
    """Repository and digest as values.yaml has them, "" where absent; a tag is left out."""
    texts = {key: scalar(values, path, name=name) or "" for key, path in block.paths.items()}
    if "reference" in texts:
        found = _REFERENCE.fullmatch(texts["reference"])
        return (found["repository"], found["digest"] or "") if found else ("", "")
    repository = "/".join(texts[key] for key in ("registry", "repository") if texts.get(key))
    return repository, texts["digest"] if "digest" in texts else texts["tag"].partition("@")[2]


def write(
    blocks: Sequence[Block], values: bytes, images: Images, tags: Mapping[str, str], *, name: str = "values.yaml"
) -> bytes:
    """`values`, the content of the file `name`, with the images in it, every other byte as it was; `tags` are the texts
    of tag keys by the image's name.

    The key `digest` alone may be missing and is added behind its sibling; the rest shows where the image stands.
    """
    done: dict[Path, str] = {}
    for block in blocks:
        texts = _texts(block, images, tags)
        for key, path in block.paths.items():
            if done.setdefault(path, texts[key]) != texts[key]:
                raise Refused(
                    f"waybill.toml wants two texts in {shown(path)} of {name}: {done[path]} and {texts[key]}.",
                    "Give each image a key of its own, in the chart and in [[image]].",
                    fault="you",
                )
            _needs(values, path, name, may_be_added=key == "digest")
            beside = block.paths.get("repository", ())
            after = str(beside[-1]) if beside and beside[:-1] == path[:-1] else None
            values = set_scalar(values, path, texts[key], after=after, name=name)
    return values


def _texts(block: Block, images: Images, tags: Mapping[str, str]) -> dict[str, str]:
    image, tag = images[block.name], tags.get(block.name, "")
    host, rest = _split(image.repository) if "registry" in block.paths else ("", image.repository)
    return {
        "registry": host,
        "repository": rest,
        "digest": image.digest,
        "reference": str(image),
        "tag": tag if "digest" in block.paths else f"{tag}@{image.digest}",
    }


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


def _block(where: str, table: Mapping[str, Any], service: str) -> Block:
    for key in table:
        if key not in PATHS:
            near = get_close_matches(key, PATHS, 1)
            raise Refused(
                f"{where} of waybill.toml has the unknown key `{key}`.",
                f"Did you mean `{near[0]}`?" if near else f"The keys are {', '.join(PATHS)}.",
                fault="you",
            )
    found = set(table) - ({"registry"} if "repository" in table else set())
    if found not in map(set, FORMS):
        given = ", ".join(table) or "nothing"
        raise Refused(
            f"{where} has {given}, which is none of the forms that Waybill writes.",
            f"Give {', or '.join(' and '.join(form) for form in FORMS)}; beside repository also registry, if the "
            "registry's host has a key of its own.",
            fault="you",
        )
    paths = {key: path_of(f"{key} = {table[key]!r} in {where}", table[key]) for key in table}
    if len(set(paths.values())) < len(paths):
        raise Refused(f"{where} names one key for both {' and '.join(paths)}.", "Name a key for each.", fault="you")
    return Block(service, paths)


def path_of(what: str, path: Any) -> Path:
    """A path of waybill.toml; `what` names it in a refusal."""
    keys = path
    if isinstance(path, str):
        keys = [int(key) if re.fullmatch("[0-9]+", key) else key for key in path.split(".")]
    if not isinstance(keys, list | tuple) or not keys or not all(type(key) in (str, int) and key != "" for key in keys):
        raise Refused(
            f"{what} is no path.",
            'Write it with dots, as "image.digest", or as an array of keys and indexes.',
            fault="you",
        )
    return tuple(keys)


def _needs(values: bytes, path: Path, name: str, *, may_be_added: bool) -> None:
    missing = document(values, name, "chart").find(path) is None
    if missing and not (may_be_added and has(values, path[:-1], name=name)):
        raise Refused(
            f"{name} has no {shown(path)}, so there is no place for the image.",
            "Add the key where the templates use it, or name the right key in [image] of waybill.toml.",
            fault="chart",
        )
