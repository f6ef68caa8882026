"""What every forge does with a proposal while people act on it: one table, for stand-ins, a path and a real forge.

Each row is a function that gets a stand; its name says what holds.
"""

from collections.abc import Callable
from typing import Protocol

import pytest

from scripts.errors import Refused
from scripts.forges import Attributes, Forge, Proposal

ORDERS, WEB, MAIN = "apps/orders", "apps/web", "main"


class Stand(Protocol):
    """A forge with an empty GitOps repo, and people. `gives`: it has labels and drafts, and merges by itself."""

    forge: Forge
    gives: bool

    def push(self, branch: str) -> None:
        """The branch exists, with a commit that `main` has not."""

    def delete_branch(self, branch: str) -> None: ...
    def close(self, number: int) -> None: ...
    def reopen(self, number: int) -> None: ...
    def merge(self, number: int) -> None: ...
    def comments(self, number: int) -> list[str]: ...
    def labels(self, number: int) -> list[str]: ...
    def make_ready(self, number: int, title: str) -> None: ...

    def wait(self, number: int) -> None:
        """Until it is merged: a forge may take a moment for what it was asked."""


def opened(stand: Stand, branch: str = ORDERS, title: str = "orders 1.0.0") -> Proposal:
    stand.push(branch)
    return stand.forge.create(branch, MAIN, title, "The body.\n\nWaybill-Release: orders 1.0.0\n")


def state(stand: Stand, branch: str = ORDERS) -> tuple[int, str] | None:
    found = stand.forge.find(branch, MAIN)
    return (found.number, found.state) if found else None


def nothing_is_found_where_nothing_was_proposed(stand: Stand) -> None:
    opened(stand)
    assert state(stand, WEB) is None
    assert stand.forge.find(ORDERS, "elsewhere") is None


def what_is_opened_is_found_as_it_was_opened(stand: Stand) -> None:
    made = opened(stand)
    opened(stand, WEB)
    assert (made.state, made.title) == ("open", "orders 1.0.0")
    assert made.body.rstrip() == "The body.\n\nWaybill-Release: orders 1.0.0"
    assert str(made.number) in made.url
    assert stand.forge.find(ORDERS, MAIN) == made


def two_branches_have_one_open_proposal(stand: Stand) -> None:
    made = opened(stand)
    again = stand.forge.create(ORDERS, MAIN, "orders 1.1.0", "Another.")
    assert (again.number, again.url, again.title, again.body) == (made.number, made.url, "orders 1.1.0", "Another.")
    assert stand.forge.find(ORDERS, MAIN) == again


def a_text_is_updated(stand: Stand) -> None:
    made = opened(stand)
    told = stand.forge.update(made.number, "orders 1.2.0", "Other words: `a|b`, <b>, ü.")
    assert (told.number, told.url, told.title) == (made.number, made.url, "orders 1.2.0")
    found = stand.forge.find(ORDERS, MAIN)
    assert found is not None
    assert (found.title, found.body, found.state) == ("orders 1.2.0", "Other words: `a|b`, <b>, ü.", "open")


def a_comment_is_left(stand: Stand) -> None:
    made = opened(stand)
    stand.forge.comment(made.number, "Look.")
    assert stand.comments(made.number) == ["Look."]
    assert stand.forge.find(ORDERS, MAIN) == made


def a_closed_one_is_found_until_a_new_one_is_opened(stand: Stand) -> None:
    first = opened(stand)
    stand.close(first.number)
    assert state(stand) == (first.number, "closed")
    second = stand.forge.create(ORDERS, MAIN, "orders 1.1.0", "b")
    assert second.number != first.number
    assert state(stand) == (second.number, "open")


def a_closed_one_is_found_after_its_branch_is_gone(stand: Stand) -> None:
    made = opened(stand)
    stand.close(made.number)
    stand.delete_branch(ORDERS)
    assert state(stand) == (made.number, "closed")


def one_that_was_opened_again_comes_before_later_ones(stand: Stand) -> None:
    first = opened(stand)
    stand.close(first.number)
    second = stand.forge.create(ORDERS, MAIN, "orders 1.1.0", "b")
    stand.close(second.number)
    assert state(stand) == (second.number, "closed")
    stand.reopen(first.number)
    assert state(stand) == (first.number, "open")


def a_merged_one_is_told_from_a_closed_one(stand: Stand) -> None:
    made = opened(stand)
    other = opened(stand, WEB)
    stand.close(other.number)
    stand.merge(made.number)
    assert (state(stand), state(stand, WEB)) == ((made.number, "merged"), (other.number, "closed"))


def what_no_rule_holds_back_is_merged(stand: Stand) -> None:
    made = opened(stand)
    if not stand.gives:
        for refused in (stand.forge.check_merge, lambda: stand.forge.merge(made.number, made.head)):
            with pytest.raises(Refused, match="has no forge that merges"):
                refused()
        return
    stand.forge.check()
    stand.forge.check_merge()
    stand.forge.withdraw(made.number)
    stand.forge.merge(made.number, made.head)
    stand.wait(made.number)
    assert state(stand) == (made.number, "merged")


def labels_are_given_once_beside_those_of_people(stand: Stand) -> None:
    made, wanted = opened(stand), Attributes(labels=("release", "urgent"))
    if not stand.gives:
        with pytest.raises(Refused, match="has no forge, whose pull requests"):
            stand.forge.check_attributes(wanted)
        return
    stand.forge.check_attributes(wanted)
    stand.forge.add(made.number, Attributes(labels=("urgent",)))
    for _ in range(2):
        stand.forge.add(made.number, wanted)
        assert sorted(stand.labels(made.number)) == ["release", "urgent"]


def a_draft_stays_one_until_it_is_made_ready(stand: Stand) -> None:
    stand.push(ORDERS)
    made = stand.forge.create(ORDERS, MAIN, "orders 1.0.0", "b", draft=True)
    assert made.title == "orders 1.0.0"
    assert stand.forge.update(made.number, "orders 1.1.0", "b").title == "orders 1.1.0"
    assert state(stand) == (made.number, "open")
    stand.make_ready(made.number, "orders 1.1.0")
    stand.forge.update(made.number, "orders 1.2.0", "b")
    found = stand.forge.find(ORDERS, MAIN)
    assert found is not None
    assert found.title == "orders 1.2.0"
    if stand.gives:
        stand.forge.merge(made.number, found.head)
        stand.wait(made.number)
        assert state(stand) == (made.number, "merged")


ROWS: list[Callable[[Stand], None]] = [
    nothing_is_found_where_nothing_was_proposed,
    what_is_opened_is_found_as_it_was_opened,
    two_branches_have_one_open_proposal,
    a_text_is_updated,
    a_comment_is_left,
    a_closed_one_is_found_until_a_new_one_is_opened,
    a_closed_one_is_found_after_its_branch_is_gone,
    one_that_was_opened_again_comes_before_later_ones,
    a_merged_one_is_told_from_a_closed_one,
    what_no_rule_holds_back_is_merged,
    labels_are_given_once_beside_those_of_people,
    a_draft_stays_one_until_it_is_made_ready,
]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.__name__)
