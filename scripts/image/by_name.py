"""The images of a release by their names: as --image gives them, and as Chart.yaml keeps them."""

from collections.abc import Iterable, Mapping, Sequence

from ..document import Waybill
from ..errors import Refused
from .reference import Reference, parse

Images = Mapping[str, Reference]


def given(texts: Iterable[str], names: Sequence[str], service: str) -> Images:
    """What the --image options `[NAME=]REPOSITORY[:TAG]@sha256:...` name, in the order of `names`; without NAME it is
    the service's. Refused unless each of `names` has one, and nothing else has."""
    pairs = [_split(text, service) for text in texts]
    found = dict(pairs)
    missing = [name for name in names if name not in found]
    unknown = [name for name in found if name not in names]
    twice = [name for name in found if [name for name, _ in pairs].count(name) > 1]
    wrong = [
        *([f"No --image is given for {' and '.join(missing)}."] if missing else []),
        *([f"waybill.toml names no image {' and '.join(unknown)}."] if unknown else []),
        *([f"--image is given more than once for {' and '.join(twice)}."] if twice else []),
    ]
    if wrong:
        raise Refused(
            " ".join(wrong),
            f"Give one for each image that waybill.toml names: {' '.join(_option(name, service) for name in names)}",
            fault="you",
        )
    return {name: parse(found[name]) for name in names}


def of(waybill: Waybill) -> Images:
    return {image.name: Reference(image.repository, image.digest) for image in waybill.images}


def written(images: Images, service: str) -> str:
    """`REPOSITORY@DIGEST` of the service's only image, else `NAME=REPOSITORY@DIGEST` separated by spaces."""
    if list(images) == [service]:
        return str(images[service])
    return " ".join(f"{name}={image}" for name, image in images.items())


def read(text: str, service: str) -> Images:
    """What `written` wrote; nothing where it is something else."""
    try:
        return {name: parse(reference) for name, reference in (_split(word, service) for word in text.split())}
    except Refused:
        return {}


def _split(text: str, service: str) -> tuple[str, str]:
    name, equals, reference = text.partition("=")
    return (name, reference) if equals else (service, text)


def _option(name: str, service: str) -> str:
    return "--image " + ("" if name == service else f"{name}=") + "REPOSITORY@sha256:..."
