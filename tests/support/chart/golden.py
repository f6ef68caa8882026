"""Golden renders: what the chart makes of each scenario's values, as reviewers see a change of it."""

from pathlib import Path

import yaml

from .render import CHART, Object, parse, render

SCENARIOS = sorted(path.parent for path in CHART.parent.glob("tests/chart/scenarios/*/values.yaml"))


def rendered(scenario: Path, chart: Path) -> list[Object]:
    return render(yaml.safe_load((scenario / "values.yaml").read_text()), chart=chart)


def committed(scenario: Path) -> list[Object]:
    return parse((scenario / "golden.yaml").read_text())
