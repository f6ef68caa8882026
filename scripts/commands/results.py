"""The result that ends a command: a short table, or JSON."""

from collections.abc import Mapping
from typing import Any

from ..document import Waybill, image_of
from ..plan import Plan
from ..session import Session


def show(here: Session, waybill: Waybill, receipt: Mapping[str, Any] | None = None) -> None:
    here.report.result(rows(waybill, receipt), waybill)


def show_plan(here: Session, planned: Plan) -> None:
    """The table, the patch of the GitOps repo and what it changes in the clusters."""
    table = rows(planned.waybill) | {
        "propose": planned.said,
        "chart files": "\n".join(planned.chart_files),
        "GitOps files": "\n".join(planned.gitops_files),
    }
    here.report.result({label: value for label, value in table.items() if value}, planned)
    for text in (planned.patch, planned.difference):
        here.report.text(text)


def rows(waybill: Waybill, receipt: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Label -> value, in the order of the steps; what was not done has no row."""
    image, source, chart, gitops = image_of(waybill), waybill.source, waybill.chart, waybill.gitops
    all_rows = {
        "release": f"{waybill.service} {chart.version}" if chart else waybill.service,
        "image": str(image),
        "platforms": ", ".join(image.manifests) or ("none named" if image.checked else "not checked"),
        "commit": f"{source.commit} of {source.repository}",
        "tag": f"{source.tag} -> {source.release_commit}" if source.tag else "",
        "chart": f"{chart.repository}/{chart.name}@{chart.digest}" if chart and chart.digest else "",
        "archive": str(chart.archive) if chart and chart.archive else "",
        "branch": f"{gitops.branch} at {gitops.commit[:12]} of {gitops.repository}" if gitops else "",
        "environments": ", ".join(gitops.environments) if gitops else "",
        "proposal": gitops.proposal.url if gitops and gitops.proposal else "",
        "receipt": str(receipt["id"]) if receipt else "",
    }
    return {label: value for label, value in all_rows.items() if value}
