"""Whether the HelmRelease that is built installs what is proposed: the chart, and its own values."""

from collections.abc import Iterator

from msgspec import UNSET

from ..chart.findings import Finding
from ..config import Config
from ..diff.overlay import HelmRelease
from ..diff.repo import Shipped
from ..gitops.render import UNPUBLISHED

# https://pkg.go.dev/helm.sh/helm/v4/pkg/action#Upgrade, ReuseValues
KEPT = Finding(
    "spec.upgrade.preserveValues of the HelmRelease",
    "lets Helm take the values of the chart that ran before, and its image with them",
    "Take `preserveValues` out; an image of `post_render` does not hang on values.",
)


def keeps_image(release: HelmRelease, config: Config) -> list[Finding]:
    """Why it would not run the image of the release."""
    return [KEPT] if release.keeps_values and any(block.paths for block in config.image_blocks) else []


def other_chart(release: HelmRelease, shipped: Shipped) -> Iterator[Finding]:
    """Why it would install another chart."""
    version, digest = shipped.chart.version, UNPUBLISHED if shipped.chart.digest is UNSET else shipped.chart.digest
    name, reference = release.chart.rpartition("/")[2], release.reference
    other = f"{name} {reference}" if name else reference
    if (name and name != shipped.chart.name) or (reference and reference not in (version, digest)):
        yield Finding(
            "The HelmRelease",
            f"installs the chart {other} as kustomize builds it, while the release is {shipped.chart.name} {version}",
            "Take out of the environment's folder what sets another chart or version.",
        )


def unseen(release: HelmRelease, shipped: Shipped, config: Config) -> Iterator[str]:
    """Sentences without a full stop."""
    if release.chart and release.chart != shipped.repository:
        yield f"whether {release.chart}, where Flux looks for the chart, has the one that lies in {shipped.repository}"
    elif not release.chart:
        yield "where Flux gets the chart from: the environment's folder names no registry of it"
    if release.verified_by and config.sign is None:
        yield f"whether Flux takes the chart: {release.verified_by} has `verify`, and `sign` in waybill.toml is not set"
