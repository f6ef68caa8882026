"""Shows what a commit changes in the rendered chart: `python -m tools.chart_difference BASE FILE`.

Both charts get the values of the working tree's scenarios; a value that BASE does not know yet shows as a note.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.clients.helm import Helm
from scripts.diff.compare import compare
from scripts.diff.difference import Difference
from scripts.diff.words import markdown
from scripts.errors import Refused
from scripts.yaml.objects import Object, parse

CHECKOUT = Path(__file__).resolve().parent.parent
SCENARIOS = CHECKOUT / "tests" / "chart" / "scenarios"
LONGEST = 60_000  # a comment on GitHub holds 65,536 characters


def main(base: str, file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tree = subprocess.run(["git", "archive", base, "chart"], cwd=CHECKOUT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "--extract", "--directory", folder], input=tree, check=True)
        found = [difference(values, Path(folder, "chart")) for values in sorted(SCENARIOS.glob("*/values.yaml"))]
    said = [f"#### {each.environment}\n{markdown(each)}\n" for each in found]
    text = "\n".join(["### What changes in the rendered chart", "", *said])
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}\n\n{len(text) - LONGEST} more characters; `make chart-difference` shows them."
    file.write_text(text + "\n")
    print(text)


def difference(values: Path, before: Path) -> Difference:
    scenario = values.parent.name
    try:
        old = render(before, values)
    except Refused as error:
        return Difference(scenario, notes=(f"The chart before refuses these values: {error.what}",))
    return Difference(scenario, tuple(compare(old, render(CHECKOUT / "chart", values), "waybill")))


def render(chart: Path, values: Path) -> list[Object]:
    return parse(Helm().template(chart, name="ledger", namespace="waybill", values_files=[values]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
