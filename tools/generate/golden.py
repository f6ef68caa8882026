"""The golden renders: what the chart makes of the values of each scenario in tests/chart/scenarios/."""

import tempfile
from pathlib import Path

import yaml

from tests.support.chart.golden import SCENARIOS, rendered
from tests.support.chart.render import released


class Indented(yaml.SafeDumper):
    """Lists stand to the right of their key, as yamllint wants them, and texts of several lines as they are."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Indented.add_representer(str, _text)


def files() -> dict[Path, str]:
    with tempfile.TemporaryDirectory() as folder:
        chart = released(Path(folder))
        return {scenario / "golden.yaml": text(scenario, chart) for scenario in SCENARIOS}


def text(scenario: Path, chart: Path) -> str:
    objects = sorted(rendered(scenario, chart), key=lambda it: (it["kind"], it["metadata"]["name"]))
    return f"# Written by `make generate`.\n{yaml.dump_all(objects, Dumper=Indented, sort_keys=False, width=1000)}"
