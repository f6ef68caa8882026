"""Whether the containers run what was released: its repositories with no other digest, its digests nowhere else."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from ..config import Config
from ..document import Waybill
from ..image import by_name
from ..image import name as image_name
from ..image.blocks import At, Block
from ..image.keys import in_template
from ..yaml.document import shown
from . import outside
from .api.complaint import is_filled_in
from .containers import Container, containers_of
from .findings import Finding
from .manifests import RenderedObject

_TAG_AND_DIGEST = (
    "The template joins the repository and a tag, as charts of `helm create` do: under [image] in waybill.toml set "
    '`repository = "{}"` and `tag = "..."` with the key of that tag.'
)
_OTHER_KEY = (
    "Let its template use {}, or name the keys that it does use in [[image]] of waybill.toml, a block for each place; "
    "take out what sets another tag or digest in a values file or an environment."
)
_OTHER_REPOSITORY = (
    "Give --image with {} if that is where it can be pulled. A key of the chart that goes before the repository is "
    "`registry` in [image] of waybill.toml; a container of another image needs a tag or digest of its own."
)
_NO_IMAGE = "which names no image that could be pulled"
_FILLED_IN = "which Flux fills in with something that is not known here"
_ONCE = "Move it into templates/: Helm makes what lies in crds/ as it is, once, and never upgrades it."
_POST_RENDER = "Give `post_render` in waybill.toml exactly as the chart renders the image, without its tag."
_HOOK = (
    "Flux sets the digest in hooks from 2.9 on (`flux_version` in waybill.toml), and never with "
    "`postRenderStrategy: nohooks`. Change that, or let the chart name the image by a key of values.yaml."
)


class Released(Struct, frozen=True):
    """An image that the release runs; `blocks` are the places in the file `values` where it stands."""

    name: str
    repository: str
    digest: str
    blocks: tuple[Block, ...]
    values: str = "values.yaml"

    @property
    def full(self) -> str:
        """The repository as registries know it."""
        return image_name.full(self.repository)

    @property
    def names(self) -> set[str]:
        """Beside it the repositories that the chart renders, where Flux puts this one in their place."""
        return {self.full, *(image_name.full(block.post_render) for block in self.blocks if block.post_render)}

    @property
    def at(self) -> list[At]:
        return [at for block in self.blocks for at in block.at]

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"


def released(waybill: Waybill, config: Config) -> list[Released]:
    """The images of a release, with the places of values.yaml that name them."""
    values = config.in_chart("values.yaml")
    return [
        Released(
            name,
            image.repository,
            image.digest,
            tuple(block for block in config.image_blocks if block.name == name),
            values,
        )
        for name, image in by_name.of(waybill).items()
    ]


def findings(rendered: Sequence[RenderedObject], images: Sequence[Released]) -> Iterator[Finding]:
    """A container that no installation or upgrade runs (`helm test`, pre-delete) proves nothing, and may run no other
    build of the image either."""
    yield from _nowhere(rendered, images)
    places = [*containers_of(rendered), *_named(rendered, images)]
    elsewhere = [mention for mention in _mentioned(rendered, images) if mention.place not in places]
    ran, wrong = set[str](), set[str]()
    for place, counts in [*((place, True) for place in places), *((it.place, False) for it in elsewhere if it.runs)]:
        other = list(_other(place, images))
        yield from other
        found = image_name.read(place.image)
        if not found and (image := _unreadable(place, images)):
            wrong.add(image.full)
        if found and not place.manifest.only_for and (other or counts):
            names = [found.repository, found.digest, f"{found.repository}@{found.digest}"]
            (wrong if other else ran).update(names)
    for image in images:
        # What runs wrong was said; an image that shares its repository runs where its own digest does.
        if f"{image.full}@{image.digest}" not in ran and not {image.full, image.digest} & wrong:
            yield _unused(image, places, [it for it in elsewhere if _concerns(it.place, image)])


def warnings(rendered: Sequence[RenderedObject], images: Sequence[Released]) -> Iterator[str]:
    """Other tags and digests of the images where nothing says that they run, and what no pod can run."""
    for place in containers_of(rendered):
        if (
            image_name.read(place.image) is None
            and _unreadable(place, images) is None
            and not is_filled_in(place.image)
        ):
            yield f"{place.where} runs {place.image!r}, {_NO_IMAGE}"
    known = _named(rendered, images)
    for mention in _mentioned(rendered, images):
        if not mention.runs and mention.place not in known and any(_other(mention.place, images)):
            yield (
                f"{mention.place.where} names {mention.place.image}, which is not what is released: if something runs "
                f"it, add `{mention.at}` to the image's block in waybill.toml"
            )


def _nowhere(rendered: Sequence[RenderedObject], images: Sequence[Released]) -> Iterator[Finding]:
    for image in images:
        for at in image.at:
            if not outside.named(rendered, at, _parts(images)):
                yield Finding(
                    f"`at` of the image {image.name}",
                    f"names {shown(at.path)} of {at.kind}, and the chart renders no image there",
                    "Name kind and path as the chart renders them, or take `at` out of waybill.toml.",
                )


def _named(rendered: Sequence[RenderedObject], images: Sequence[Released]) -> list[Container]:
    parts = _parts(images)
    return [place for image in images for at in image.at for place in outside.named(rendered, at, parts)]


def _mentioned(rendered: Sequence[RenderedObject], images: Sequence[Released]) -> list[outside.Mention]:
    found = outside.mentions(rendered, _parts(images))
    return [it for it in found if any(_concerns(it.place, image) for image in images)]


def _parts(images: Sequence[Released]) -> set[str]:
    """What any name of the images holds."""
    return {part for image in images for part in (image.digest, *(name.rpartition("/")[2] for name in image.names))}


def _concerns(place: Container, image: Released) -> bool:
    found = image_name.read(place.image)
    if found is None:
        return False
    return found.digest == image.digest or (found.repository in image.names and bool(found.tag or found.digest))


def _unreadable(container: Container, images: Sequence[Released]) -> Released | None:
    """Whose digest, or repository, is in a text that names no image."""
    for image in images:
        parts = "|".join(map(re.escape, (image.digest, image.repository, *image.names)))
        if re.search(rf"(?<![\w.-])({parts})(?![\w./-])", container.image):
            return image
    return None


def _other(container: Container, images: Sequence[Released]) -> Iterator[Finding]:
    found = image_name.read(container.image)
    if found is None:
        if image := _unreadable(container, images):
            why = _FILLED_IN if is_filled_in(container.image) else _NO_IMAGE
            what = f"runs {container.image}, {why}, while the release is {image}"
            whole = image.digest in container.image
            remedy = _OTHER_REPOSITORY.format(container.image) if whole else _remedy(container, "", image)
            yield Finding(container.where, what, remedy)
        return
    if any((image.full, image.digest) == (found.repository, found.digest) for image in images):
        return
    mine = [image for image in images if found.repository in image.names]
    same = [image for image in images if image.digest == found.digest]
    if mine:
        yield Finding(
            container.where,
            f"runs {container.image}, while the release is {' or '.join(map(str, mine))}",
            _remedy(container, found.digest, mine[0]),
        )
    elif same:
        yield Finding(
            container.where,
            f"runs {container.image}, the digest of {same[0].repository} under another repository",
            _OTHER_REPOSITORY.format(found.repository),
        )


def _remedy(container: Container, digest: str, image: Released) -> str:
    if container.manifest.once:
        return _ONCE
    keys = [block.paths for block in image.blocks if block.paths]
    if not keys:
        return _HOOK if container.manifest.hooks else _POST_RENDER
    if not digest and all("digest" in paths for paths in keys) and "repository" in keys[0]:
        return _TAG_AND_DIGEST.format(shown(keys[0]["repository"]))
    return _OTHER_KEY.format(_used(image))


def _unused(image: Released, containers: Sequence[Container], elsewhere: Sequence[outside.Mention]) -> Finding:
    runs = dict.fromkeys(
        f"{item.image} ({item.manifest.template}{f', for {only} alone' if (only := item.manifest.only_for) else ''})"
        for item in containers
    )
    named = ", ".join(" and ".join(map(shown, block.paths.values())) for block in image.blocks if block.paths)
    if elsewhere:
        return Finding(
            f"No container runs {image}:",
            f"it stands only at {' and '.join(dict.fromkeys(it.place.where for it in elsewhere))}",
            "If that runs it, add to the image's block in waybill.toml: "
            f"{' or '.join(dict.fromkeys(it.at for it in elsewhere))}.",
        )
    rendered = f"the chart renders {', '.join(runs) or 'no container at all'}"
    if not named:
        there = " and ".join(dict.fromkeys(block.post_render for block in image.blocks))
        return Finding(
            f"No container runs {image}, which Flux is to put in the place of {there}:", rendered, _POST_RENDER
        )
    return Finding(
        f"No container runs {image}, though {named} in {image.values} name it:",
        rendered,
        f"Use {_used(image)} in the container's template, name the keys that it does use in [image] of waybill.toml, "
        "or name in `values` a values file that turns the container on.",
    )


def _used(image: Released) -> str:
    return ", or ".join(" and ".join(map(in_template, block.paths.values())) for block in image.blocks if block.paths)
