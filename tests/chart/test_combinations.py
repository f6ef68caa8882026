"""Renders of hundreds of combinations of values all keep every rule.

Starting Helm takes most of the time, so `make test` renders fewer of them.
"""

from pathlib import Path

import pytest

from tests.support.chart.examples import CONTEXT, EXAMPLES, combination
from tests.support.chart.render import Object, released, render
from tests.support.chart.rules import RULES
from tests.support.service.sizes import size

ALL, AT_ONCE = 320, 40
COUNT = size(80, ALL)
# Where the version comes with the chart's digest, as Flux adds it for an OCIRepository.
DIGEST_VERSION = "1.2.3+0123456789ab"


def complaints(objects: list[Object]) -> list[str]:
    return [f"{rule.__name__}: {said}" for rule in RULES for said in rule(objects)]


@pytest.mark.long
@pytest.mark.torture
@pytest.mark.parametrize("start", range(0, COUNT, AT_ONCE))
def test_every_combination_keeps_every_rule(start: int) -> None:
    for number in range(start, start + AT_ONCE):
        values = combination(number)
        assert not complaints(render(values)), values


def test_the_combinations_hold_every_example() -> None:
    """Else the test could render the same three hundred times."""
    seen = [repr(combination(number)) for number in range(ALL)]
    assert len(set(seen)) > ALL * 0.95
    for path, values in EXAMPLES.items():
        for value in values:
            assert sum(f"{path.rpartition('.')[2]!r}: {value!r}" in it for it in seen) > 5, (path, value)


@pytest.mark.parametrize("name", ["w", "waybill", "my-waybill-x", "a" * 53, "123", "true"])
def test_any_name_of_a_release_will_do(name: str) -> None:
    values = {"fullnameOverride": "ledger"} if name[0].isdigit() else {}
    assert not complaints(render(values, name=name))


def test_a_version_with_the_digest_of_the_chart_will_do(tmp_path: Path) -> None:
    chart = released(tmp_path, DIGEST_VERSION)
    assert not complaints(render(CONTEXT["replicas"], chart=chart))
