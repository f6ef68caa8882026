"""The containers that a chart's render runs, and the templates that made them."""

import re
from collections.abc import Iterator
from typing import Any

from ..errors import Refused
from ..yaml.objects import Object, parse

KEYS = ("containers", "initContainers", "ephemeralContainers")
# What `helm template` writes above every document.
SOURCE = re.compile(rb"^---\n# Source: (.+)\n", re.MULTILINE)


def containers(rendered: bytes) -> list[tuple[str, str]]:
    """Template and image of every container that `helm template` printed, each pair once."""
    return list(dict.fromkeys((template, image) for template, item in _objects(rendered) for image in _images(item)))


def _objects(rendered: bytes) -> Iterator[tuple[str, Object]]:
    """Every object with the template that made it."""
    _, *parts = SOURCE.split(rendered)
    for template, text in zip(parts[::2], parts[1::2], strict=True):
        name = template.decode(errors="replace")
        try:
            for item in parse(text):
                yield name, item
        except ValueError as error:
            raise Refused(
                f"{name} renders what is no object: {error}", "Correct the template.", fault="chart"
            ) from error


def _images(part: Any) -> Iterator[str]:
    """The images of all containers, however deep a kind keeps its pods."""
    if isinstance(part, list):
        for item in part:
            yield from _images(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in KEYS and isinstance(value, list):
                yield from (str(item["image"]) for item in value if isinstance(item, dict) and item.get("image"))
            yield from _images(value)
