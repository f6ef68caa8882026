"""The table of values in chart/README.md, from the chart's schema and defaults."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parents[2] / "chart"
BEGIN, END = "<!-- values: written by `make generate` from values.schema.json -->\n", "<!-- end of values -->\n"


def leaves(schema: dict[str, Any], defaults: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any], Any]]:
    """(`a.b`, its schema, its default) for each value that is set as a whole."""
    for name, part in schema["properties"].items():
        if name == "global":  # Helm's, not ours
            continue
        if part.get("additionalProperties") is False:
            yield from leaves(part, defaults[name], f"{path}{name}.")
        else:
            yield f"{path}{name}", part, defaults[name]


def table() -> str:
    schema = json.loads((CHART / "values.schema.json").read_text())
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    rows = ["| value | default | what it does |", "|---|---|---|"]
    for path, part, default in leaves(schema, defaults):
        rows.append(f"| `{path}` | `{json.dumps(default)}` | {part['description']} |")
    return "\n".join(rows) + "\n"


def files() -> dict[Path, str]:
    readme = CHART / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    return {readme: f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"}
