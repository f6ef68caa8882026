"""The next version, case by case: what is taken, what Chart.yaml says, what the person asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.chart.version import Part, Version, comparable, next_version, registry_version, strict, tag_version
from scripts.errors import Refused


def versions(text: str) -> list[Version]:
    return [Version.parse(word) for word in text.split()]


@pytest.mark.parametrize(
    ("mine", "taken", "part", "chosen"),
    [
        # nothing taken: what Chart.yaml says
        ("0.1.0", "", "patch", "0.1.0"),
        ("0.0.0", "", "patch", "0.0.0"),
        ("1.2.3", "", "major", "1.2.3"),
        ("1.0.0-rc.1", "", "patch", "1.0.0-rc.1"),
        # a person raised it: as it is, whatever --part says
        ("0.2.0", "0.1.0 0.1.1", "patch", "0.2.0"),
        ("2.0.0", "0.1.0 1.9.9", "patch", "2.0.0"),
        ("0.1.2", "0.1.1", "patch", "0.1.2"),
        ("2.0.0", "1.9.9", "minor", "2.0.0"),
        ("1.10.0", "1.9.0", "patch", "1.10.0"),
        # equal or below: the next one above the highest stable one
        ("0.1.0", "0.1.0", "patch", "0.1.1"),
        ("0.1.0", "0.1.0 0.1.1 0.1.2", "patch", "0.1.3"),
        ("0.1.0", "0.1.2 0.1.0 0.1.1", "patch", "0.1.3"),
        ("0.1.0", "0.1.9 0.1.10", "patch", "0.1.11"),
        ("0.1.0", "0.1.0 0.1.5", "patch", "0.1.6"),
        ("1.0.0", "2.3.4", "patch", "2.3.5"),
        ("1.0.0", "2.3.4", "minor", "2.4.0"),
        ("1.0.0", "2.3.4", "major", "3.0.0"),
        ("1.0.0", "0.9.0 1.0.0", "minor", "1.1.0"),
        ("0.3.0", "0.3.0", "major", "1.0.0"),
        # a stable one is not compared with pre-releases
        ("1.0.0", "1.0.0-rc.1 1.0.0-rc.2", "patch", "1.0.0"),
        ("1.0.0", "2.0.0-rc.1", "patch", "1.0.0"),
        ("1.0.0", "1.0.0 1.0.1-rc.1", "patch", "1.0.1"),
        ("1.0.0", "1.0.0 2.0.0-rc.1", "patch", "1.0.1"),
        ("1.0.0", "1.0.0 2.0.0-rc.1", "major", "2.0.0"),
        # a pre-release is compared within its own X.Y.Z, and never becomes stable
        ("1.0.0-rc.7", "1.0.0-rc.7", "patch", "1.0.0-rc.8"),
        ("1.0.0-rc.1", "1.0.0-rc.7", "patch", "1.0.0-rc.8"),
        ("1.0.0-rc.9", "1.0.0-rc.9 1.0.0-rc.10", "patch", "1.0.0-rc.11"),
        ("1.0.0-rc.9", "1.0.0-rc.7", "patch", "1.0.0-rc.9"),
        ("1.0.0-rc.1", "1.0.0-beta.9", "patch", "1.0.0-rc.1"),
        ("1.0.0-alpha.1", "1.0.0-beta.3", "patch", "1.0.0-beta.4"),
        ("1.0.0-beta", "1.0.0-beta", "patch", "1.0.0-beta.1"),
        ("1.0.0-beta", "1.0.0-beta 1.0.0-beta.1", "patch", "1.0.0-beta.2"),
        ("1.0.0-rc7", "1.0.0-rc7", "patch", "1.0.0-rc7.1"),
        ("1.0.0-rc.7.x", "1.0.0-rc.7.x", "patch", "1.0.0-rc.8.x"),
        ("1.0.0-0", "1.0.0-0", "patch", "1.0.0-1"),
        ("1.0.0-1.9", "1.0.0-1.9", "patch", "1.0.0-1.10"),
        ("1.0.0-x-1", "1.0.0-x-1", "patch", "1.0.0-x-1.1"),
        ("1.0.0-rc.1", "0.9.0 1.1.0 2.0.0", "patch", "1.0.0-rc.1"),
        ("1.0.0-rc.1", "1.1.0-rc.5", "patch", "1.0.0-rc.1"),
        ("1.0.0-rc.2", "1.0.0-rc.1", "minor", "1.0.0-rc.2"),
    ],
)
def test_the_next_version(mine: str, taken: str, part: Part, chosen: str) -> None:
    assert str(next_version(Version.parse(mine), versions(taken), part=part, exact=None)) == chosen


@pytest.mark.parametrize(
    ("mine", "taken", "exact"),
    [
        ("0.1.0", "0.1.0", "0.5.0"),
        ("0.1.0", "0.1.0 2.0.0", "1.0.0"),
        ("1.0.0", "1.0.0", "1.0.1-rc.1"),
        ("1.0.0", "1.0.0-rc.1", "1.0.0"),
        ("1.0.0-rc.1", "1.0.0", "1.1.0"),
    ],
)
def test_a_version_that_is_asked_for_and_free(mine: str, taken: str, exact: str) -> None:
    wanted = Version.parse(exact)
    assert next_version(Version.parse(mine), versions(taken), part="major", exact=wanted) == wanted


@pytest.mark.parametrize(
    ("mine", "taken", "part", "exact", "says"),
    [
        ("1.0.0-rc.3", "1.0.0", "patch", None, "1.0.0 is released already. Raise `version` in Chart.yaml"),
        ("1.0.0-rc.3", "1.0.0 1.0.0-rc.2", "patch", None, "1.0.0 is released already. Raise"),
        ("1.0.0-rc.1", "1.0.0-rc.1", "minor", None, "has no next minor. Leave out --part"),
        ("1.0.0", "0.9.0 1.0.0", "patch", "0.9.0", "The version 0.9.0 is taken"),
        ("1.0.0", "1.1.0-rc.1", "patch", "1.1.0-rc.1", "The version 1.1.0-rc.1 is taken"),
        ("1.0.0", "", "patch", "1.1.0+build.5", "build metadata. Leave out `+`"),
    ],
)
def test_what_is_refused(mine: str, taken: str, part: Part, exact: str | None, says: str) -> None:
    wanted = Version.parse(exact) if exact else None
    with pytest.raises(Refused) as refused:
        next_version(Version.parse(mine), versions(taken), part=part, exact=wanted)
    assert says in f"{refused.value.what} {refused.value.remedy}"


@pytest.mark.parametrize(
    ("service", "tag", "version"),
    [
        ("orders", "orders-1.4.2", "1.4.2"),
        ("orders", "orders-1.4.2-rc.1", "1.4.2-rc.1"),
        ("orders", "orders-1.4.2-2-g0a1b2c3", "1.4.2-2-g0a1b2c3"),
        ("orders", "orders-v1.4.2", None),
        ("orders", "orders-1.4", None),
        ("orders", "orders-01.4.2", None),
        ("orders", "orders-1.4.2+build", None),
        ("orders", "orders-1.4.2_build", None),
        ("orders", "orders-", None),
        ("orders", "1.4.2", None),
        ("orders", "v1.4.2", None),
        ("orders", "invoices-1.4.2", None),
        ("orders", "orders-api-1.4.2", None),
        ("orders-api", "orders-api-1.4.2", "1.4.2"),
        ("orders", "orders-1-2.0.0", None),
        ("orders-1", "orders-1-2.0.0", "2.0.0"),
        ("orders", "my-orders-1.4.2", None),
        ("orders", "orders-1.4.2-", None),
        ("orders", "orders-1.4.٢", None),
    ],
)
def test_a_tag_of_git_is_read_for_one_service_alone(service: str, tag: str, version: str | None) -> None:
    assert tag_version(service, tag) == (version and Version.parse(version))


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("1.4.2", "1.4.2"),
        ("1.4.2-rc.1", "1.4.2-rc.1"),
        ("1.4.2_build.7", "1.4.2"),  # helm push of 1.4.2+build.7
        ("1.4.2-rc.1_build", "1.4.2-rc.1"),
        ("latest", None),
        ("v1.4.2", None),
        ("1.4", None),
        ("sha256-0123.sig", None),
        ("1.4.2_", None),
    ],
)
def test_a_tag_of_the_registry(tag: str, version: str | None) -> None:
    found = registry_version(tag)
    assert (str(found) if found else None) == version


@pytest.mark.parametrize("text", ["", "1.2", "v1.2.3", "01.2.3", "1.2.3+b", " 1.2.3", "1.2.3\n", "1.2.3-01", "1.2.3-"])
def test_helm_would_take_more_than_a_version_is(text: str) -> None:
    with pytest.raises(Refused, match="which is no X"):
        strict(text, "The version in Chart.yaml", fault="chart")
    assert str(strict("1.2.3-rc.1", "The version in Chart.yaml", fault="chart")) == "1.2.3-rc.1"


IDENTIFIER = st.one_of(st.integers(0, 12).map(str), st.sampled_from(["rc", "beta", "a-1", "x9"]))
PRERELEASE = st.one_of(st.none(), st.lists(IDENTIFIER, min_size=1, max_size=3).map(".".join))
VERSION = st.builds(Version, st.integers(0, 2), st.integers(0, 2), st.integers(0, 2), PRERELEASE)


@given(VERSION, st.lists(VERSION, max_size=8))
def test_the_next_version_is_free_and_above_all_that_it_is_compared_with(mine: Version, taken: list[Version]) -> None:
    try:
        chosen = next_version(mine, taken, part="patch", exact=None)
    except Refused:
        assert mine.finalize_version() in taken
        return
    assert chosen not in taken
    assert all(chosen > other for other in comparable(mine, taken))
    assert chosen >= mine
    assert bool(chosen.prerelease) == bool(mine.prerelease)
    assert next_version(mine, [*taken, chosen], part="patch", exact=None) > chosen
