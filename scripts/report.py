"""What the user sees: the story with progress on stderr, the result on stdout (a short table, or JSON)."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from .clients.process import censor
from .errors import SUBJECT, Refused

if TYPE_CHECKING:
    from rich.console import Console


class Report:
    """Progress is drawn on a terminal and told in plain lines elsewhere (CI)."""

    def __init__(self, *, json: bool = False) -> None:
        self.json = json
        self._stderr: Console | None = None

    @property
    def _console(self) -> "Console":
        if self._stderr is None:
            from rich.console import Console

            self._stderr = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        return self._stderr

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Shows that `title` is under way until the block ends."""
        if self._console.is_terminal:
            with self._console.status(title):
                yield
        else:
            self._console.print(f"{title} ...")
            yield

    def say(self, text: str) -> None:
        """Something that was done, or that the user should know."""
        self._console.print(censor(text))

    def warn(self, text: str) -> None:
        self._console.print(f"warning: {censor(text)}", style="yellow")

    def refuse(self, error: Refused) -> None:
        """Cause and remedy; with --json also on stdout, so that a program need not read prose."""
        self._console.print(f"refused ({SUBJECT[error.fault]}): {censor(error.what)}", style="bold red")
        self._console.print(f"  what to do: {censor(error.remedy)}")
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
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in rows.items():
            table.add_row(name, value)
        out = Console(highlight=False, markup=False)
        if out.is_terminal:
            out.print(table)
            return
        out.width = 1000  # nobody who copies a digest from a log wants it folded
        with out.capture() as printed:
            out.print(table)
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in printed.get().splitlines())

    def text(self, text: str) -> None:
        """More of the result for people, as it is; with --json the document holds it already."""
        if text and not self.json:
            sys.stdout.write(f"\n{text.rstrip()}\n")

    def _write(self, document: Any) -> None:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
        sys.stdout.flush()
