"""Whether the containers run what was released: its repository with no other digest, its digest nowhere else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..image import name as image_name
from ..image.keys import in_template
from ..yaml.document import Path, shown
from .containers import Container
from .finding import Finding


@dataclass(frozen=True)
class Released:
    """An image that the release runs; `keys` are the paths into values.yaml where it stands, by what they hold."""

    name: str
    repository: str
    digest: str
    keys: Mapping[str, Path]

    @property
    def full(self) -> str:
        """The repository as registries know it."""
        return image_name.full(self.repository)

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"


def findings(containers: Sequence[Container], images: Sequence[Released]) -> Iterator[Finding]:
    """A container that `helm test` alone runs proves nothing, and may run no other build of the image either."""
    ran: set[tuple[str, str]] = set()
    for container in containers:
        found = image_name.read(container.image)
        if found is None:
            continue
        if not container.manifest.is_test:
            ran.add((found.repository, found.digest))
        yield from _other(container, found, images)
    for image in images:
        if (image.full, image.digest) not in ran:
            yield _unused(image, containers)


def _other(container: Container, found: image_name.Name, images: Sequence[Released]) -> Iterator[Finding]:
    mine = [image for image in images if image.full == found.repository]
    if mine and found.digest not in {image.digest for image in mine}:
        keys = " and ".join(in_template(path) for path in mine[0].keys.values())
        yield Finding(
            container.where,
            f"runs {container.image}, while the release is {mine[0]}",
            f"Let its template use {keys}, or name the key that it does use in a block [[image]] of waybill.toml; take "
            "out what sets another tag or digest in a values file or an environment.",
        )
    same = [image for image in images if image.digest == found.digest]
    if same and not mine:
        yield Finding(
            container.where,
            f"runs {container.image}, the digest of {same[0].repository} under another repository, where it need not "
            "be",
            f"Give --image with {found.repository} if that is where it can be pulled. A key of the chart that goes "
            "before the repository is `registry` in [image] of waybill.toml; a container of another image needs a tag "
            "or digest of its own.",
        )


def _unused(image: Released, containers: Sequence[Container]) -> Finding:
    runs = ", ".join(
        f"{item.image} ({item.manifest.template}{', helm test alone' if item.manifest.is_test else ''})"
        for item in {(item.image, item.manifest.template): item for item in containers}.values()
    )
    keys = image.keys.values()
    tagged = any(item.image.startswith(f"{image.repository}:") for item in containers)
    remedy = (
        f"Use {' and '.join(map(in_template, keys))} in the container's template, name the keys that it does use in "
        "[image] of waybill.toml, or give the values that turn the container on in `values`."
    )
    if tagged and "digest" in image.keys:
        remedy = (
            "The template joins the repository and a tag, as charts of `helm create` do: under [image] in waybill.toml "
            f'say `repository = "{shown(image.keys["repository"])}"` and `tag = "..."` with the key of that tag.'
        )
    return Finding(
        f"No container runs {image}, though {' and '.join(map(shown, keys))} in values.yaml name it: the chart",
        f"renders {runs or 'no container at all'}",
        remedy,
    )
