"""Of a message of Flux the ledger shows what tells the cause, in one line."""

import pytest

from service.domain import event
from service.domain.event import line


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Helm upgrade failed: timed out\n\nLast Helm logs:\n\nx", "Helm upgrade failed: timed out"),
        ("failed: 1 error occurred:\n\t* job a failed\n\n\nLast Helm logs:", "failed: 1 error occurred: job a failed"),
        ("2 errors occurred:\n\t* a\n\t* b\n\n", "2 errors occurred: a; b"),
        (
            "has drifted:\nDeployment/x changed\r\nService/y removed",
            "has drifted: Deployment/x changed; Service/y removed",
        ),
        ("what follows:", "what follows:"),
        ("what follows:\n\nnothing", "what follows:"),
        ("", ""),
        ("a\x00b\x1b[2J", "ab[2J"),
        ("long: " + "x" * 2000, "long: " + "x" * 994),
        ("long:\n" + "x" * 2000, "long: " + "x" * 994),
    ],
)
def test_the_line_that_tells_the_cause(message: str, shown: str) -> None:
    assert line(message) == shown
    assert line(shown) == shown


def test_numbers_in_annotations_are_written_in_ascii_digits() -> None:
    assert (event.tests_in("10m"), event.tests_in("\u0661\u0660m")) == (600, None)
    assert event.tries_in("install=4") is not None
    assert event.tries_in("install=\u0664,upgrade=\uff13") is None


@pytest.mark.parametrize("text", ["2026-01-01\u260312:00:00Z", "2026-W01-1T12:00:00Z", "20260101T120000Z", ""])
def test_a_time_is_written_as_go_writes_it(text: str) -> None:
    with pytest.raises(ValueError, match="no time"):
        event.time_in(text)
