"""Expected: what github.com/Masterminds/semver/v3 says of each, in the version that Helm 4.3 uses."""

import pytest

from scripts.chart.ranges import within


@pytest.mark.parametrize(
    ("wanted", "inside", "outside"),
    [
        ("1.2.3", "1.2.3 v1.2.3 1.2.3+b", "1.2.4 1.2.3-rc.1"),
        ("=1.2", "1.2.0 1.2.9", "1.3.0"),
        ("*", "0.0.1 9.9.9", "1.0.0-rc.1"),
        ("1.x.x", "1.0.0 1.9.9", "2.0.0"),
        ("!=1.2", "1.3.0", "1.2.5"),
        (">1.2", "1.3.0 2.0.0", "1.2.9"),
        ("<=1.2", "1.2.9 0.1.0", "1.3.0"),
        (">= 1.2.3, < 2", "1.2.3 1.9.0", "1.2.2 2.0.0"),
        (">=1.2.3 <2.0.0 || 3.x", "1.5.0 3.1.4", "2.5.0"),
        ("1.2 - 2", "1.2.0 2.9.0", "1.1.9 3.0.0"),
        ("~1.2.3", "1.2.9", "1.3.0 1.2.2"),
        ("~1", "1.9.0", "2.0.0"),
        ("~>0.0.0", "7.0.0", "1.0.0-rc.1"),
        ("^1.2.3", "1.9.0", "2.0.0 1.2.2"),
        ("^0.2.3", "0.2.9", "0.3.0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0.0", "0.0.9", "0.1.0"),
        ("^0", "0.9.0", "1.0.0"),
        (">=1.2.3-0", "1.2.3-rc.1 2.0.0-rc.1", "1.2.2"),
        ("=> 1.0.0 =< 2.0.0", "1.5.0", "2.0.1"),
    ],
)
def test_what_lies_in_a_range(wanted: str, inside: str, outside: str) -> None:
    assert [version for version in inside.split() if within(version, wanted) is not True] == []
    assert [version for version in outside.split() if within(version, wanted) is not False] == []


@pytest.mark.parametrize(
    ("version", "wanted"), [("1.2.3", ""), ("1.2.3", "latest"), ("1.2", "1.x"), ("1.2.3", ">*"), ("1.2.3", "1.x.3")]
)
def test_what_cannot_be_told(version: str, wanted: str) -> None:
    assert within(version, wanted) is None
