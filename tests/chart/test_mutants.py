"""Each rule can fail: a chart with a certain mistake breaks the rule against that mistake."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.chart.render import Object, edited, parse, released, render
from tests.support.chart.rules import RULES, Rule

MUTANTS: dict[str, list[dict[str, Any]]] = parse(Path(__file__).with_name("mutants.yaml").read_text())[0]
BY_NAME = {rule.__name__: rule for rule in RULES}
# The longest name of a release and a long version, so that nothing is short enough by chance.
NAME, VERSION = "a" * 53, f"1.2.3+0123456789ab.{'b' * 60}"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Object]]:
    """The objects of the chart without a mistake, by values in JSON."""
    chart = released(tmp_path_factory.mktemp("sound"), VERSION, VERSION)
    return cache(lambda values: render(json.loads(values), chart=chart, name=NAME))


@pytest.mark.parametrize(
    ("rule", "mistake"),
    [(BY_NAME[name], mistake) for name, mistakes in MUTANTS.items() for mistake in mistakes],
    ids=[f"{name}-{number}" for name, mistakes in MUTANTS.items() for number in range(len(mistakes))],
)
def test_a_mistake_breaks_its_rule(
    tmp_path: Path, sound: Callable[[str], list[Object]], rule: Rule, mistake: dict[str, Any]
) -> None:
    values = mistake.get("values")
    assert not list(rule(sound(json.dumps(values))))
    chart = released(tmp_path, VERSION, VERSION)
    edited(tmp_path, mistake["file"], mistake["before"], mistake["after"])
    assert list(rule(render(values, chart=chart, name=NAME)))


def test_every_rule_has_a_mutant() -> None:
    assert MUTANTS.keys() == BY_NAME.keys()


def test_a_key_that_stands_twice_is_noticed() -> None:
    with pytest.raises(yaml.constructor.ConstructorError, match="twice: name"):
        parse("metadata: {name: a, name: b}")
