"""The chart renders four usual scenarios as committed, so that reviewers see what a change of the chart does."""

import re
from pathlib import Path

import pytest

from tests.support.chart.golden import SCENARIOS, committed, rendered
from tests.support.chart.render import CHART, Object, released
from tests.support.chart.schemas import custom
from tests.support.crds import broken_rules


def by_name(objects: list[Object]) -> dict[tuple[str, str], Object]:
    return {(found["kind"], found["metadata"]["name"]): found for found in objects}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_render_is_the_golden_one(scenario: Path, tmp_path: Path) -> None:
    found = by_name(rendered(scenario, released(tmp_path)))
    assert found == by_name(committed(scenario)), "reviewed and wanted? `make generate` writes the golden renders again"


def test_the_scenarios_show_every_kind_of_object() -> None:
    templates = "".join(path.read_text() for path in (CHART / "templates").rglob("*.yaml"))
    kinds = set(re.findall(r"^kind: (\w+)$", templates, re.MULTILINE))
    assert {kind for scenario in SCENARIOS for kind, _ in by_name(committed(scenario))} == kinds


def test_custom_resources_keep_the_rules_of_their_projects() -> None:
    """The rules of Gateway API and the Prometheus Operator in CEL, which are not part of the JSON Schema."""
    found = [it for scenario in SCENARIOS for it in committed(scenario) if key(it) in custom()]
    assert {it["kind"] for it in found} == {"HTTPRoute", "ServiceMonitor", "PrometheusRule"}
    for it in found:
        assert broken_rules(custom()[key(it)], it) == []
    route = next(it for it in found if it["kind"] == "HTTPRoute")
    route["spec"]["parentRefs"] *= 2
    assert len(broken_rules(custom()[key(route)], route)) == 1


def key(found: Object) -> tuple[str, str]:
    return found["apiVersion"], found["kind"]
