"""What a terminal shows: the line of what is under way, and how much of a text fits a line."""

import os
import shutil
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate

import click

CLEAR = "\r\x1b[K"
FIRST_WORDS = 20  # columns: a narrower rest of a terminal's line is passed over


class Progress:
    """On the last line of stderr's terminal stands what is under way; what is told meanwhile goes above it."""

    def __init__(self) -> None:
        self._titles: list[str] = []

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        self._titles.append(title)
        self._draw()
        try:
            yield
        finally:
            self._titles.pop()
            self._draw()

    def tell(self, styled: str, colour: bool | None) -> None:
        sys.stderr.write(CLEAR if self._titles else "")
        click.echo(styled, err=True, color=colour)
        if self._titles:
            self._draw()

    def _draw(self) -> None:
        sys.stderr.write(CLEAR + (fitting(f"{self._titles[-1]} ...", 1) if self._titles else ""))
        sys.stderr.flush()


def plain() -> bool:
    """Whether this terminal is to show no colours: https://no-color.org, and one that knows none."""
    return bool(os.environ.get("NO_COLOR")) or dumb()


def dumb() -> bool:
    return os.environ.get("TERM") == "dumb"


def fitting(text: str, before: int) -> str:
    """What of `text`, after so many columns, fits a line, but never less than its first words."""
    room = max(FIRST_WORDS, shutil.get_terminal_size().columns - before)
    widths = [*accumulate(map(_width, text))]
    return text if not widths or widths[-1] <= room else f"{text[: bisect_right(widths, room - 3)]}..."


def _width(sign: str) -> int:
    """In columns."""
    return 0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
