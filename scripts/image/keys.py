"""Reads and writes the images in values.yaml, at the places that blocks name."""

import json
import re
from collections.abc import Mapping, Sequence

from ..errors import Refused
from ..yaml.document import parse as document
from ..yaml.document import shown
from ..yaml.edit import Path, has, set_scalar
from ..yaml.edit import read as scalar
from .blocks import Block
from .by_name import Images

# `host:port/path`, a tag that images do not need, a digest: the grammar of github.com/distribution/reference, loosely.
_REFERENCE = re.compile(r"(?P<repository>.*?)(:[^/:@]*)?(@(?P<digest>.*))?", re.DOTALL)


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


def _needs(values: bytes, path: Path, name: str, *, may_be_added: bool) -> None:
    missing = document(values, name, "chart").find(path) is None
    if missing and not (may_be_added and has(values, path[:-1], name=name)):
        raise Refused(
            f"{name} has no {shown(path)}, so there is no place for the image.",
            "Add the key where the templates use it, or name the right key in [image] of waybill.toml.",
            fault="chart",
        )
