"""Whether the containers run what was released: its repositories with no other digest, its digests nowhere else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..config import Config
from ..document import Waybill
from ..image import by_name
from ..image import name as image_name
from ..image.keys import Block, in_template
from ..yaml.document import shown
from .containers import Container
from .findings import Finding

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


@dataclass(frozen=True)
class Released:
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

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"


def released(waybill: Waybill, config: Config) -> list[Released]:
    """The images of a release, with the places of values.yaml that name them."""
    values = f"{config.chart}/values.yaml"
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


def findings(containers: Sequence[Container], images: Sequence[Released]) -> Iterator[Finding]:
    """A container that `helm test` alone runs proves nothing, and may run no other build of the image either."""
    ran: set[str] = set()
    wrong: set[str] = set()
    for container in containers:
        if found := image_name.read(container.image):
            other = list(_other(container, found, images))
            yield from other
            if not container.manifest.is_test:
                (wrong if other else ran).update([found.repository, found.digest, f"{found.repository}@{found.digest}"])
    for image in images:
        # What runs wrong was said; an image that shares its repository runs where its own digest does.
        if f"{image.full}@{image.digest}" not in ran and not {image.full, image.digest} & wrong:
            yield _unused(image, containers)


def _other(container: Container, found: image_name.Name, images: Sequence[Released]) -> Iterator[Finding]:
    mine = [image for image in images if image.full == found.repository]
    same = [image for image in images if image.digest == found.digest]
    if mine and not any(image in same for image in mine):
        joined = not found.digest and all("digest" in block.paths for block in mine[0].blocks)
        yield Finding(
            container.where,
            f"runs {container.image}, while the release is {' or '.join(map(str, mine))}",
            _TAG_AND_DIGEST.format(shown(mine[0].blocks[0].paths["repository"]))
            if joined and mine[0].blocks
            else _OTHER_KEY.format(_used(mine[0])),
        )
    elif same and not mine:
        yield Finding(
            container.where,
            f"runs {container.image}, the digest of {same[0].repository} under another repository",
            _OTHER_REPOSITORY.format(found.repository),
        )


def _unused(image: Released, containers: Sequence[Container]) -> Finding:
    runs = dict.fromkeys(
        f"{item.image} ({item.manifest.template}{', for `helm test` alone' if item.manifest.is_test else ''})"
        for item in containers
    )
    named = ", ".join(" and ".join(map(shown, block.paths.values())) for block in image.blocks)
    return Finding(
        f"No container runs {image}, though {named} in {image.values} name it:",
        f"the chart renders {', '.join(runs) or 'no container at all'}",
        f"Use {_used(image)} in the container's template, name the keys that it does use in [image] of waybill.toml, "
        "or name in `values` a values file that turns the container on.",
    )


def _used(image: Released) -> str:
    return ", or ".join(" and ".join(map(in_template, block.paths.values())) for block in image.blocks)
