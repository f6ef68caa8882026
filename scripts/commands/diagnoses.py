"""What doctor found, a line each, with what to do below it."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from ..doctor.diagnosis import Diagnosis
from ..report import Cell

WORDS = {"ok": ("ok", None), "fail": ("FAIL", "red"), "warn": ("warn", "yellow"), "skip": ("skip", None)}
WIDTH = 100


def lines(found: Sequence[Diagnosis]) -> Iterator[Sequence[Cell]]:
    for it in found:
        word, colour = WORDS[it.state]
        what, *more = [*_lines(it.what), *_lines(it.remedy)]
        yield [Cell(f"{word:<4}", colour), Cell(f"  {what}")]
        for line in more:
            yield [Cell(f"      {line}")]
    stops = sum(it.state == "fail" for it in found)
    yield [Cell(f"{stops or 'Nothing'} stop{'s' if stops < 2 else ''} a release.", "red" if stops else None)]


def _lines(text: str) -> list[str]:
    """No word is broken, so that what can be copied stays whole."""
    return [
        line for part in text.splitlines() for line in wrap(part, WIDTH, break_long_words=False, break_on_hyphens=False)
    ]
