"""Where a values.yaml could name images: mappings and texts that look so. Whether they do, a render tells."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from ..image import name as image_name
from ..yaml.document import Path

REPOSITORIES = ("repository", "image", "name")
TAGS = ("tag", "imageTag")
NAMED = re.compile(r"(?i)(.*image|repository)$")
# Most wanted first: a digest of its own needs no tag to be invented, and one that is missing can be added.
FORMS = (("digest",), ("tag", "digest"), ("tag",), ())

Block = dict[str, Path]


class Spot(Struct, frozen=True):
    """What looks like an image: `repository` as registries know it, "" where values.yaml leaves it to the templates.
    `options` are the forms of keys that could name it, by what they write beside the repository."""

    path: Path
    repository: str
    options: dict[tuple[str, ...], Block]


class Group(Struct, frozen=True):
    """The places of one image; of one whose name values.yaml does not tell, `repository` is ""."""

    repository: str
    places: Sequence[Spot]

    def blocks(self) -> Iterator[list[Block]]:
        """All places in one form; a place that lacks it in its own first one. Then each place alone."""
        for form in FORMS:
            if any(form in place.options for place in self.places):
                yield [place.options.get(form) or next(iter(place.options.values())) for place in self.places]
        if len(self.places) > 1:
            for place in self.places:
                for block in place.options.values():
                    yield [block]


def groups(values: Any, service: str) -> list[Group]:
    """The likeliest to be the service's own first."""
    found: dict[str, list[Spot]] = {}
    for place in places(values, ()):
        found.setdefault(place.repository or ".".join(map(str, place.path)), []).append(place)
    made = [Group(its[0].repository, its) for its in found.values()]
    return sorted(made, key=lambda group: -max(_likelihood(place, service) for place in group.places))


def likely(repository: str, service: str) -> int:
    """How much the name of an image is that of the service."""
    last = repository.rpartition("/")[2]
    return 4 * (last == service) + 2 * (service in last or (bool(last) and last in service))


def places(part: Any, path: Path) -> Iterator[Spot]:
    if isinstance(part, list):
        for index, item in enumerate(part):
            yield from places(item, (*path, index))
    elif isinstance(part, dict):
        if place := _mapping(part, path):
            yield place
        for key, value in part.items():
            if isinstance(value, dict | list):
                yield from places(value, (*path, str(key)))
            elif isinstance(value, str) and NAMED.match(str(key)) and _reference(value) and not _beside(part, str(key)):
                yield Spot((*path, key), _known(value), {(): {"reference": (*path, str(key))}})


def _mapping(part: dict[str, Any], path: Path) -> Spot | None:
    repository = next((key for key in REPOSITORIES if key in part and _is_text(part[key]) and _beside(part, key)), None)
    if repository is None:
        return None
    tag = next((key for key in TAGS if key in part), None)
    base: Block = {"repository": (*path, repository)}
    name = str(part[repository] or "")
    if _is_text(part.get("registry")) and part.get("registry"):
        base = {"registry": (*path, "registry"), **base}
        name = f"{part['registry']}/{name}"
    options: dict[tuple[str, ...], Block] = {}
    tags: Block = {"tag": (*path, tag)} if tag else {}
    options[("digest",)] = base | {"digest": (*path, "digest")}
    if tag:
        options[("tag", "digest")] = base | tags | {"digest": (*path, "digest")}
        options[("tag",)] = base | tags
    return Spot(path, _known(name), options)


def _beside(part: dict[str, Any], key: str) -> bool:
    """Whether a text is the repository of an image: what is beside it says so."""
    return key == "repository" or any(it in part for it in (*TAGS, "digest"))


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _reference(text: str) -> bool:
    found = image_name.read(text)
    return found is not None and ("/" in text or bool(found.tag or found.digest))


def _known(text: str) -> str:
    found = image_name.read(text)
    return found.repository if found and text else ""


def _likelihood(place: Spot, service: str) -> int:
    """The name of the image, and how near to the top of values.yaml it stands."""
    return 2 * likely(place.repository, service) + (3 if place.path == ("image",) else 0) - len(place.path)
