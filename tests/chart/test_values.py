"""Every value of the chart has a schema, a description, a default and a use, and nothing else has."""

import json
import re
from collections.abc import Iterator

import pytest
import yaml

from tests.support.chart.examples import EXAMPLES, context
from tests.support.chart.render import CHART, merged, nested, parse, render
from tools.generate.chart_readme import BEGIN, END, leaves, table

[DEFAULTS] = parse((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
LEAVES = {path: part for path, part, _ in leaves(SCHEMA, DEFAULTS)}


def commented(text: str) -> Iterator[tuple[str, str]]:
    """(`a.b`, the comment above it) for each key of values.yaml that has one."""
    above: list[str] = []
    keys: list[str] = []
    for line in text.splitlines():
        if found := re.match(r"( *)([A-Za-z]+):", line):
            keys = [*keys[: len(found[1]) // 2], found[2]]
            if above:
                yield ".".join(keys), " ".join(above)
        above = [*above, line.strip("# ")] if line.lstrip().startswith("#") else []


def set_by_default(values: object, path: str = "") -> Iterator[str]:
    """The paths of all values in values.yaml."""
    if path in LEAVES or not isinstance(values, dict):
        yield path
    else:
        for key, value in values.items():
            yield from set_by_default(value, f"{path}.{key}".lstrip("."))


def test_the_defaults_and_the_schema_name_the_same_values() -> None:
    assert list(set_by_default(DEFAULTS)) == list(LEAVES)


def test_a_value_is_described_once_and_in_one_way() -> None:
    """The schema, from which editors and the README take it, and values.yaml have the same text."""
    assert dict(commented((CHART / "values.yaml").read_text())) == {
        path: part["description"] for path, part in LEAVES.items()
    }


def test_the_readme_is_the_generated_one() -> None:
    readme = (CHART / "README.md").read_text()
    assert readme.partition(BEGIN)[2].partition(END)[0].strip() == table().strip(), "`make generate` writes it again"


def test_every_value_has_examples() -> None:
    assert EXAMPLES.keys() == LEAVES.keys()


@pytest.mark.parametrize("path", LEAVES)
def test_a_template_uses_the_value(path: str) -> None:
    around = context(path)
    if path in (
        "database.engine",
        "ingress.enabled",
        "httpRoute.enabled",
        "serviceMonitor.enabled",
        "observer.enabled",
        "autoscaling.enabled",
        "prometheusRule.enabled",
        "dashboard.enabled",
    ):
        around = {}
    before = render(around)
    for example in EXAMPLES[path]:
        assert render(merged(merged(around, context(path)), nested(path, example))) != before, example


def test_the_templates_use_no_other_value() -> None:
    text = "\n".join(path.read_text() for path in (CHART / "templates").rglob("*") if path.is_file())
    used = {found.rstrip(".") for found in re.findall(r"\.Values\.([A-Za-z.]+)", text)}
    known = {path[:end] for path in LEAVES for end in range(len(path) + 1) if path[end : end + 1] in ("", ".")}
    assert used <= known, used - known
    assert not re.search(r"\.Values(?!\.)", text), "all values at once: nobody can say which ones are used"


def test_the_values_that_the_readme_shows_are_taken() -> None:
    shown = re.findall(r"```yaml\n(.*?)```", (CHART / "README.md").read_text(), re.DOTALL)
    assert len(shown) == 3
    for values in shown:
        assert render(yaml.safe_load(values))
