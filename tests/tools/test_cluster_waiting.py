"""Waiting for a condition, and until something stops changing."""

from itertools import chain, count, repeat

import pytest

from tools.cluster.waiting import wait_for, wait_until_steady


def test_the_first_truthy_answer_is_returned() -> None:
    answers = iter([None, [], "there"])
    assert wait_for("it", lambda: next(answers), every=0) == "there"


def test_the_error_says_what_was_waited_for() -> None:
    with pytest.raises(RuntimeError, match=r"waited 0 s for the moon; the last answer was \[\]"):
        wait_for("the moon", list, seconds=0, every=0)


def test_an_answer_that_still_changes_is_not_taken() -> None:
    answers = chain(["two pods", "three pods"], repeat("one pod"))
    assert wait_until_steady("the pods", lambda: next(answers), still=0.3) == "one pod"


def test_the_error_says_what_never_stopped_changing() -> None:
    numbers = count()
    with pytest.raises(RuntimeError, match=r"waited 0 s for the count to be steady; the last answer was \d"):
        wait_until_steady("the count", lambda: next(numbers), still=0.3, seconds=0.4)
