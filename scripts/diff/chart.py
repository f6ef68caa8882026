"""A chart, fetched from where it is published and rendered with a release's values."""

import json
import re
from os.path import normpath
from pathlib import Path
from typing import Any

from ..chart.files import of_archive
from ..chart.manifests import Rendered
from ..chart.renderer import Renderer
from ..clients.registry import Registry
from ..errors import Refused
from ..yaml.objects import read
from .overlay import HelmRelease
from .values import merged

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


def defaults(release: HelmRelease, chart: Path) -> dict[str, Any]:
    """What the files of the chart that the release names say, the last one above the others:
    https://fluxcd.io/flux/components/source/helmcharts/#values-files."""
    found: dict[str, Any] = {}
    files = of_archive(chart.read_bytes()) if release.values_files else {}
    for path in release.values_files:
        text = files.get(normpath(path))
        if text is None and not release.files_may_lack:
            raise Refused(
                f"HelmRelease {release.name} takes values from {path}, which the chart does not hold.",
                "Put it into the chart, or take it out of spec.chart.spec.valuesFiles.",
                fault="gitops",
            )
        try:
            values = next((it.value for it in read(text or b"")), None)
        except ValueError:
            values = None  # Helm has a message for what is no YAML in its own values.yaml
        found = merged(found, values if isinstance(values, dict) else {})
    return found


def render(release: HelmRelease, chart: Path, renderer: Renderer) -> Rendered:
    """The chart with the release's values, as its post-renderers change it. Helm's message may hold any of these
    values: only where it failed is said."""
    values = merged(defaults(release, chart), release.values)
    try:
        rendered = renderer.render(
            chart,
            name=release.name,
            namespace=release.namespace,
            values=json.dumps(values, default=str).encode() if values else None,
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
