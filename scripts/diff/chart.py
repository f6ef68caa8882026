"""A chart, fetched from where it is published and rendered with a release's values."""

import json
import re
from pathlib import Path

from ..chart.manifests import Rendered
from ..chart.renderer import Renderer
from ..clients.registry import Registry
from ..errors import Refused
from .overlay import HelmRelease

_TEMPLATE = re.compile(r"\b[a-z0-9.-]+/(?:charts/[a-zA-Z0-9.-]+/)*templates/[\w./-]+:[0-9]+(?::[0-9]+)?", re.ASCII)


def fetch(repository: str, reference: str, folder: Path, plain_http: bool) -> Path:
    """The published chart as a .tgz in `folder`."""
    if not repository or not reference:
        raise Refused(
            "The environment's folder does not say where its chart is.",
            "Name the chart's source there.",
            fault="gitops",
        )
    registry = Registry(plain_http)
    manifest = registry.manifest(repository, reference.replace("+", "_"))
    digest = manifest.chart if manifest else None
    if digest is None:
        raise Refused(
            f"{repository} has no chart {reference}.", "Publish it, or name one that is there.", fault="registry"
        )
    path = folder / f"{digest.removeprefix('sha256:')}.tgz"
    path.write_bytes(registry.blob(repository, digest))
    return path


def render(release: HelmRelease, chart: Path, renderer: Renderer) -> Rendered:
    """The chart with the release's values, as its post-renderers change it. Helm's message may hold any of these
    values: only where it failed is said."""
    try:
        rendered = renderer.render(
            chart,
            name=release.name,
            namespace=release.namespace,
            values=json.dumps(release.values, default=str).encode() if release.values else None,
        )
    except Refused as error:
        if not release.values or not error.what.startswith("`helm template` failed"):
            raise
        places = dict.fromkeys(_TEMPLATE.findall(error.what))
        raise Refused(
            f"`helm template` failed with the values of HelmRelease {release.name}"
            f"{' at ' if places else ''}{', '.join(places)}; its message may hold one of them and is not shown.",
            "Render the chart with these values to see it.",
            fault="gitops",
        ) from None
    return renderer.post_render(rendered, release.post_renderers, hooks=release.hooks)
