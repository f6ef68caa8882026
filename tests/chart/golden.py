"""Golden renders: what the chart makes of each scenario's values, as reviewers see a change of it.

`python -m tests.chart.golden` (`make generate`) writes them again.
"""

import tempfile
from pathlib import Path

import yaml

from .rendered import Object, parse, released, render

SCENARIOS = sorted(path.parent for path in Path(__file__).parent.glob("scenarios/*/values.yaml"))


class Indented(yaml.SafeDumper):
    """Lists stand to the right of their key, as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def rendered(scenario: Path, chart: Path) -> list[Object]:
    return render(yaml.safe_load((scenario / "values.yaml").read_text()), chart=chart)


def committed(scenario: Path) -> list[Object]:
    return parse((scenario / "golden.yaml").read_text())


def write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        chart = released(Path(folder))
        for scenario in SCENARIOS:
            objects = sorted(rendered(scenario, chart), key=lambda it: (it["kind"], it["metadata"]["name"]))
            text = yaml.dump_all(objects, Dumper=Indented, sort_keys=False, width=1000)
            (scenario / "golden.yaml").write_text(f"# Written by `make generate`.\n{text}")


if __name__ == "__main__":
    write()
