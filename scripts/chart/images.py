"""Whether the containers run what was released: its repository with no other digest, its digest nowhere else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..config import Config
from ..document import Waybill
from ..image import name as image_name
from ..image.keys import in_template, parse
from ..yaml.document import Path, shown
from .containers import Container
from .findings import Finding

_TAG_AND_DIGEST = (
    "The template joins the repository and a tag, as charts of `helm create` do: under [image] in waybill.toml set "
    '`repository = "{}"` and `tag = "..."` with the key of that tag.'
)
_OTHER_KEY = (
    "Let its template use {}, or name the keys that it does use under [image] of waybill.toml; take out what "
    "sets another tag or digest in a values file or an environment."
)
_OTHER_REPOSITORY = (
    "Give --image with {} if that is where it can be pulled. A key of the chart that goes before the repository is "
    "`registry` in [image] of waybill.toml; a container of another image needs a tag or digest of its own."
)


@dataclass(frozen=True, eq=False)
class Released:
    """An image that the release runs; `keys` are the paths in the file `values` where it stands, by their names."""

    name: str
    repository: str
    digest: str
    keys: Mapping[str, Path]
    values: str = "values.yaml"

    @property
    def full(self) -> str:
        """The repository as registries know it."""
        return image_name.full(self.repository)

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"


def released(waybill: Waybill, config: Config) -> Released:
    """The image of a release, with the keys of values.yaml that name it."""
    keys, image = parse(config.image_keys).paths, waybill.image
    return Released(waybill.service, image.repository, image.digest, keys, f"{config.chart}/values.yaml")


def findings(containers: Sequence[Container], images: Sequence[Released]) -> Iterator[Finding]:
    """A container that `helm test` alone runs proves nothing, and may run no other build of the image either."""
    ran: set[str] = set()
    for container in containers:
        if found := image_name.read(container.image):
            ran |= set() if container.manifest.is_test else {found.repository, found.digest}
            yield from _other(container, found, images)
    for image in images:
        if not {image.full, image.digest} & ran:
            yield _unused(image, containers)


def _other(container: Container, found: image_name.Name, images: Sequence[Released]) -> Iterator[Finding]:
    mine = [image for image in images if image.full == found.repository]
    same = [image for image in images if image.digest == found.digest]
    if mine and not set(mine) & set(same):
        yield Finding(
            container.where,
            f"runs {container.image}, while the release is {mine[0]}",
            _TAG_AND_DIGEST.format(shown(mine[0].keys["repository"]))
            if not found.digest and "digest" in mine[0].keys
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
    return Finding(
        f"No container runs {image}, though {' and '.join(map(shown, image.keys.values()))} in {image.values} name it:",
        f"the chart renders {', '.join(runs) or 'no container at all'}",
        f"Use {_used(image)} in the container's template, name the keys that it does use in [image] of waybill.toml, "
        "or name in `values` a values file that turns the container on.",
    )


def _used(image: Released) -> str:
    return " and ".join(map(in_template, image.keys.values()))
