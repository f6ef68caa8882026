"""Ranges of names, against going through all of them for each name."""

import string

from hypothesis import given
from hypothesis import strategies as st

from service.domain.name_range import NameRange, NameRanges
from service.ledger.events.ranges import ReadRange, longest_round, missed, overlapping
from service.observer.snapshot import PART_NAMES, changes

NAMESPACES, NAMES = ("apps", "base"), string.ascii_lowercase[:6]
NOW = 100_000
bounds = st.tuples(st.sampled_from(NAMESPACES), st.sampled_from(["", *NAMES]), st.sampled_from(["", *NAMES]))
read_ranges = st.builds(
    lambda of, heard, seconds: ReadRange("", *of, heard, seconds),
    bounds,
    st.sampled_from([NOW, NOW - 400, NOW - 5_000, NOW - 50_000]),
    st.sampled_from([0, 100, 1_000]),
)


def holds(of: tuple[str, str, str], namespace: str, name: str) -> bool:
    return of[0] == namespace and of[1] <= name and (of[2] == "" or name < of[2])


@given(st.lists(bounds))
def test_a_name_is_found_in_the_range_that_holds_it(several: list[tuple[str, str, str]]) -> None:
    ranges = NameRanges(NameRange(*it) for it in several)
    for namespace in NAMESPACES:
        for name in (*NAMES, "0", "zz"):
            assert ranges.hold(namespace, name) == any(holds(it, namespace, name) for it in several)


@given(st.lists(read_ranges))
def test_of_ranges_that_overlap_the_one_that_was_heard_last_counts(several: list[ReadRange]) -> None:
    parts = missed(several, NOW)
    for namespace in NAMESPACES:
        for name in (*NAMES, "0", "zz"):
            heard = [it for it in several if holds(it[1:4], namespace, name)]
            latest = max((it.heard for it in heard), default=0)
            silent = {0 < 3 * it.round_seconds < NOW - it.heard for it in heard if it.heard == latest}
            found = list(overlapping(parts, NameRange(namespace, name, f"{name}-")))
            assert bool(found) in (silent or {False})
            assert all(it.heard == latest for it in found)


def test_parts_of_one_round_are_told_as_one() -> None:
    read = [ReadRange("", "apps", begins, ends, NOW - 9_000 + number, 100) for number, (begins, ends) in
            enumerate([("", "c"), ("c", "m"), ("m", "")])]  # fmt: skip
    assert [it.names for it in missed(read, NOW)["apps"]] == [NameRange("apps")]
    assert longest_round([*read, ReadRange("", "base", "", "", NOW, 3_600)], 100, NOW) == 3_600


def test_an_observer_tells_of_few_that_are_gone_at_a_time() -> None:
    gone = [f"orders-{number:05}" for number in range(5_000)]
    parts = list(changes("apps", [], gone))
    assert [name.from_ for _, ranges in parts for name in ranges] == gone
    assert max(len(ranges) for _, ranges in parts) == PART_NAMES
