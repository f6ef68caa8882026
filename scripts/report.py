"""What the user sees: progress and messages on stderr, the result on stdout (a short table, or JSON)."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from .clients.process import censor
from .errors import SUBJECT, Refused

if TYPE_CHECKING:
    from rich.console import Console

NEXT = "\n"


class Report:
    """On a terminal progress is drawn; elsewhere (CI) it is plain lines, for which nothing is imported."""

    def __init__(self, *, json: bool = False) -> None:
        self.json = json
        self._terminal = _terminal() if sys.stderr.isatty() else None

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Shows that `title` is under way until the block ends."""
        if self._terminal:
            with self._terminal.status(title):
                yield
        else:
            self._tell(f"{title} ...")
            yield

    def say(self, text: str) -> None:
        """Something that was done, or that the user should know."""
        self._tell(censor(text))

    def warn(self, text: str) -> None:
        self._tell(f"warning: {censor(text)}", "yellow")

    def refuse(self, error: Refused) -> None:
        """Cause and remedy; with --json also on stdout, so that a program need not read prose."""
        self._tell(f"refused ({SUBJECT[error.fault]}): {censor(error.what)}", "bold red")
        self._tell(f"  what to do: {censor(error.remedy)}")
        if self.json:
            self._write(
                {
                    "refused": censor(error.what),
                    "remedy": censor(error.remedy),
                    "fault": error.fault,
                }
            )

    def result(self, rows: Mapping[str, str], document: Any) -> None:
        """`rows` as a table for people; with --json `document` instead, as msgspec encodes it."""
        if self.json:
            self._write(document)
            return
        if not sys.stdout.isatty():
            width = max(map(len, rows))
            for name, value in rows.items():
                sys.stdout.write(f"{name:<{width}}  {value.replace(NEXT, NEXT + ' ' * (width + 2))}\n")
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in rows.items():
            table.add_row(name, value)
        Console(highlight=False, markup=False).print(table)

    def text(self, text: str) -> None:
        """A further part of the result for people; with --json the document holds it already."""
        if text and not self.json:
            sys.stdout.write(f"\n{text.rstrip()}\n")

    def _tell(self, text: str, style: str | None = None) -> None:
        if self._terminal:
            self._terminal.print(text, style=style)
        else:
            sys.stderr.write(f"{text}\n")

    def _write(self, document: Any) -> None:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
        sys.stdout.flush()


def _terminal() -> "Console":
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
