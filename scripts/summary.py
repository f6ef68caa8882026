"""A waybill as the short table that ends a command."""

from collections.abc import Mapping
from typing import Any

from .document import Waybill


def rows(waybill: Waybill, receipt: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Label -> value, in the order of the steps; what was not done has no row."""
    image, source, chart, gitops = waybill.image, waybill.source, waybill.chart, waybill.gitops
    told = {
        "release": f"{waybill.service} {chart.version}" if chart else waybill.service,
        "image": f"{image.repository}@{image.digest}",
        "platforms": ", ".join(image.platforms) or ("none named" if image.checked else "not looked at"),
        "commit": f"{source.commit} of {source.repository}",
        "tag": f"{source.tag} -> {source.release_commit}" if source.tag else "",
        "chart": f"{chart.repository}/{chart.name}@{chart.digest}" if chart and chart.digest else "",
        "archive": str(chart.archive) if chart and chart.archive else "",
        "branch": f"{gitops.branch} at {gitops.commit[:12]} of {gitops.repository}" if gitops else "",
        "environments": ", ".join(gitops.environments) if gitops else "",
        "proposal": str(gitops.proposal) if gitops and gitops.proposal else "",
        "receipt": str(receipt["id"]) if receipt else "",
    }
    return {label: value for label, value in told.items() if value}
