"""What doctor found, a line each, with what to do below it."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from ..doctor.diagnosis import Diagnosis

WORDS = {"ok": ("ok", None), "fail": ("FAIL", "red"), "warn": ("warn", "yellow"), "skip": ("skip", None)}
WIDTH = 100
Cells = Sequence[tuple[str, str | None]]


def lines(found: Sequence[Diagnosis]) -> Iterator[Cells]:
    for it in found:
        word, colour = WORDS[it.state]
        what, *more = [*_lines(it.what), *_lines(it.remedy)]
        yield [(f"{word:<4}", colour), (f"  {what}", None)]
        for line in more:
            yield [(f"      {line}", None)]
    stops = sum(it.state == "fail" for it in found)
    yield [(f"{stops or 'Nothing'} stop{'s' if stops < 2 else ''} a release.", "red" if stops else None)]


def _lines(text: str) -> list[str]:
    """No word is broken, so that what can be copied stays whole."""
    return [
        line for part in text.splitlines() for line in wrap(part, WIDTH, break_long_words=False, break_on_hyphens=False)
    ]
