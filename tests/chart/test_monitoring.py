"""Alerts and dashboard ask for metrics, and labels of them, that a ledger has."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.chart.render import CHART, merged, one, render
from tests.support.service.served import KEYS, event, served, signature

from .test_refusals import MONITORED

WATCHED = merged(MONITORED, {"prometheusRule": {"enabled": True}, "dashboard": {"enabled": True}})
METRIC = re.compile(r"\b(waybill_[a-z_]+)(\{[^}]*\})?")
OF_PROMETHEUS = {"namespace", "service", "le"}  # a ServiceMonitor adds the first two, a histogram the last
ALERTS = one(render(WATCHED), "PrometheusRule")["spec"]["groups"][0]["rules"]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in ALERTS)
    for found in json.loads((CHART / "dashboard.json").read_text())["panels"]:
        yield from (target["expr"] for target in found["targets"])


@pytest.fixture
async def metrics(tmp_path: Path) -> dict[str, set[str]]:
    """Name -> its labels, of a ledger in which everything occurred that has a metric."""
    file = tmp_path / "keys"
    file.write_text(json.dumps(KEYS))
    given = {"FLUX_KEYS": "", "FLUX_KEYS_FILE": str(file), "EVENT_QUOTA": "2/min, 4MiB/min, 9 places"}
    async with served(f"sqlite:///{tmp_path / 'ledger.db'}", **given) as ledger:
        await ledger.say(event("InstallFailed", at=datetime.now(UTC) - timedelta(minutes=1)))
        for number in range(3):
            await ledger.say(event(resource_version=number + 2), "production")
        unsigned = {"X-Signature": signature(b"{}", "x")}
        await ledger.http.post("/hooks/flux/nowhere", content=b"{}", headers=unsigned)
        text = (await ledger.http.get("/metrics")).text
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.anyio
async def test_every_metric_and_label_that_is_asked_for_exists(metrics: dict[str, set[str]]) -> None:
    asked = list(expressions())
    assert len(asked) > 12
    for expression in asked:
        names = METRIC.findall(expression)
        assert names or expression.startswith("absent(up{"), expression
        known = {label for name, _ in names for label in metrics[name]} | OF_PROMETHEUS
        grouped = {it.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for it in group.split(",")}
        selected = {it for _, labels in names for it in re.findall(r"(\w+)(?:=|!=|=~)\"", labels)}
        assert grouped | selected <= known, expression


def test_what_an_alert_says_is_kept_by_its_expression() -> None:
    """A label that is grouped away would be empty in the text."""
    for rule in ALERTS:
        told = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        kept = {it.strip() for group in re.findall(r"by \(([^)]*)\)", rule["expr"]) for it in group.split(",")}
        assert told <= kept, rule["alert"]


def test_alerts_are_about_this_release_alone() -> None:
    for rule in ALERTS:
        assert 'namespace="waybill",service="ledger-waybill"' in rule["expr"], rule["alert"]


def test_the_page_about_metrics_names_every_one(tmp_path: Path) -> None:
    page = (CHART.parent / "docs/reference/metrics.md").read_text()
    source = "".join(path.read_text() for path in (CHART.parent / "service").rglob("*.py"))
    declared = set(re.findall(r'"(waybill_[a-z_]+)"', source)) - {"waybill_service"}
    told = {name.removesuffix("_total") for name in re.findall(r"^\| `(waybill_[a-z_]+)", page, re.MULTILINE)}
    assert told == declared


def test_the_dashboard_is_one_for_grafana() -> None:
    found = one([it for it in render(WATCHED) if it["metadata"]["name"].endswith("-dashboard")], "ConfigMap")
    dashboard = json.loads(found["data"]["waybill.json"])
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert dashboard["title"] == "Waybill"
    assert len({it["id"] for it in dashboard["panels"]}) == len(dashboard["panels"])
