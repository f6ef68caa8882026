"""The golden renders of the scenarios in tests/chart/scenarios/: as committed, and as the chart renders them now."""

from pathlib import Path

from .render import CHART, Object, parse, render

SCENARIOS = sorted(path.parent for path in CHART.parent.glob("tests/chart/scenarios/*/values.yaml"))


def rendered(scenario: Path, chart: Path) -> list[Object]:
    return render(parse((scenario / "values.yaml").read_text())[0], chart=chart)


def committed(scenario: Path) -> list[Object]:
    return parse((scenario / "golden.yaml").read_text())
