"""What a chart's values.schema.json takes from elsewhere: Helm reads it there whenever it looks at values, on this
machine and in the cluster. https://json-schema.org/draft/2020-12/json-schema-core#name-base-uri-anchors-and-deref"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urldefrag, urljoin

from .findings import Finding

FILE = "values.schema.json"
_OWN = f"file:///{FILE}"  # as Helm calls it
_HELD = "json-schema.org/"  # what Helm holds itself
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef", "$schema")
_TEXTS = ("const", "default", "enum", "examples")


def findings(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """Of the chart's own, other files: Helm looks for them outside the chart, where the cluster has none."""
    for address in _foreign(files.get(FILE, b"")):
        if not address.startswith("http"):
            yield Finding(
                FILE,
                f"takes {address} from elsewhere, and Helm reads no other file of the chart",
                "Copy what it holds into `$defs` of the schema, and refer to it by `#/$defs/...`.",
            )


def unseen(files: Mapping[str, bytes], chart: str) -> Iterator[str]:
    """Sentences without a full stop."""
    for path, data in files.items():
        if path.rpartition("/")[2] == FILE:
            for address in _foreign(data):
                yield f"what {address} says of the values when Flux asks it ({chart}/{path})"


def _foreign(text: bytes) -> list[str]:
    """Each address once; none of what is no JSON, which Helm has a message for."""
    try:
        schema = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return []
    named = list(_named(schema, _OWN))
    own = {_OWN, *(address for is_reference, address in named if not is_reference)}
    asked = (address for is_reference, address in named if is_reference and address not in own)
    return [
        it for it in dict.fromkeys(asked) if not it.partition("//")[2].startswith(_HELD) and not it.startswith("urn:")
    ]


def _named(part: Any, base: str) -> Iterator[tuple[bool, str]]:
    """Whether it is a reference, or else the name of a part, and its address without what is behind `#`."""
    if isinstance(part, list):
        for item in part:
            yield from _named(item, base)
    if not isinstance(part, dict):
        return
    for key in ("$id", "id"):
        if isinstance(part.get(key), str):
            base = urldefrag(urljoin(base, part[key])).url
            yield False, base
    for key, value in part.items():
        if key in _REFERENCES and isinstance(value, str):
            yield True, urldefrag(urljoin(base, value)).url
        elif key not in _TEXTS:
            yield from _named(value, base)
