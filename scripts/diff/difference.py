"""What a release changes in the objects that each environment's cluster gets.

What cannot be rendered is stated and stops nothing: reviewers then know what they do not see.
"""

from collections.abc import Sequence

from msgspec import Struct

from ..errors import Refused
from .compare import ObjectChange, compare
from .repo import Repo, Shipped


class Difference(Struct, frozen=True):
    """`notes` state what could not be seen; `first`: nothing of the service ran there before; `unknown`: the present or
    the new release cannot be rendered."""

    environment: str
    changes: tuple[ObjectChange, ...] = ()
    notes: tuple[str, ...] = ()
    first: bool = False
    unknown: bool = False


def rendered_difference(
    repo: Repo, before: str, after: str, environments: Sequence[str], shipped: Shipped
) -> list[Difference]:
    """Between two commits of the GitOps repo, an environment each."""
    repo.begin(before, after, environments, shipped)
    return [_difference(environment, repo, before, after, shipped) for environment in environments]


def _difference(environment: str, repo: Repo, before: str, after: str, shipped: Shipped) -> Difference:
    notes: list[str] = []
    try:
        release = repo.release(after, environment, shipped)
        rendered = repo.after(after, environment, shipped)
        new = rendered.objects
    except Refused as error:
        notes.append(f"It could not be rendered: {_one_line(error)}")
        return Difference(environment, notes=tuple(notes), unknown=True)
    if not repo.has(before, environment, shipped):
        if rendered.definitions:
            notes.append("The chart's crds/ is installed, too, unless the HelmRelease's spec.install.crds is Skip.")
        changes = [ObjectChange(change.what, change.name) for change in compare([], new, release.namespace)]
        return Difference(environment, tuple(changes), tuple(notes), first=True)
    try:
        present = repo.release(before, environment, shipped)
        earlier = repo.before(before, environment, shipped)
        old = earlier.objects
    except Refused as error:
        notes.append(f"What runs there could not be rendered, so nothing is compared: {_one_line(error)}")
        return Difference(environment, notes=tuple(notes), unknown=True)
    if earlier.definitions != rendered.definitions:
        notes.append(
            "The chart's crds/ changes, which Flux leaves in the cluster as they are, unless the HelmRelease's "
            "spec.upgrade.crds is CreateReplace."
        )
    if (present.name, present.namespace) != (release.name, release.namespace):
        notes.append(
            f"The release moves from {present.namespace}/{present.name} to {release.namespace}/{release.name}."
        )
    return Difference(environment, tuple(compare(old, new, release.namespace)), tuple(notes))


def _one_line(error: Refused) -> str:
    return " ".join(error.what.split())
