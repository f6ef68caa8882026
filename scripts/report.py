"""What the user sees: progress and messages on stderr, the result on stdout (a short table, or JSON)."""

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import click
import msgspec

from .clients.process import censor
from .errors import SUBJECT, Incomplete, Refused
from .terminal import Progress, dumb, fitting, plain
from .workflow import annotation, group

NEXT = "\n"
STEP = 10  # columns that the names of steps take
# What CI systems read as commands: GitHub `::x::` at a line's start and `##[x]`, Azure `##vso[x]`, TeamCity
# `##teamcity[x]` anywhere.
COMMAND = re.compile(r"^\s*:(?=:)|#(?=#\w*\[)", re.MULTILINE)


# The colours of a patch's lines by how they begin, as git has them; the longer beginnings first.
PATCH: dict[str, dict[str, Any]] = {
    "+++ ": {"bold": True},
    "--- ": {"bold": True},
    "diff ": {"bold": True},
    "@@ ": {"fg": "cyan"},
    "+": {"fg": "green"},
    "-": {"fg": "red"},
    "": {},
}
# What a result says beside the release, by its name in JSON: the label of its row.
BESIDE = {
    "overridden": "not these images",
    "not_judged": "not judged",
    "not_proposed": "not proposed",
    "local_proposals": "not in the record",
    "warnings": "look at",
    "not_seen": "not seen here",
}


def printable(text: str) -> str:
    """`text`, which others may have written, without what acts instead of being read: characters that are no signs
    (controls, escape sequences, bidi controls, what is invisible) are spelled as Python does, no line is a command to a
    CI system, and no password is shown."""
    seen = "".join(map(_sign, text.replace("\r\n", "\n")))
    return censor(COMMAND.sub(lambda found: f"{found[0]} ", seen))


def _sign(sign: str) -> str:
    if sign in "\n\t" or sign.isprintable():
        return sign
    return " " if unicodedata.category(sign) == "Zs" else ascii(sign)[1:-1]


def _escaped(sign: str) -> str:
    """As JSON spells it."""
    units = sign.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


class Cell(NamedTuple):
    """Text, and the colour that it has on a terminal. `cut`: prose, whose end a narrow terminal may leave out."""

    text: str
    colour: str | None = None
    cut: bool = False


class Report:
    """On a terminal progress is drawn; elsewhere (CI) it is plain lines."""

    def __init__(self, *, json: bool = False) -> None:
        self.json = json
        self.quiet = False
        self.colour: bool | None = None  # as the terminal and NO_COLOR say
        self.left: list[Refused] = []
        self._progress = Progress() if sys.stderr.isatty() and not dumb() else None
        self._told: set[str] = set()
        # By their names in JSON, and by environment or branch where they are of one.
        self._beside: dict[str, dict[str, Any]] = {kind: {} for kind in BESIDE}

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Shows that `title` is under way until the block ends."""
        if self.quiet:
            yield
        elif self._progress:
            with self._progress.step(title):
                yield
        else:
            self._tell(f"{title} ...")
            yield

    def say(self, text: str) -> None:
        """Something that was done, or that the user should know."""
        if not self.quiet:
            self._tell(printable(text))

    def did(self, step: str, text: str) -> None:
        """What a step did."""
        self.say(f"{step:<{STEP}}{text}")

    def warn(self, text: str) -> None:
        self._told.add(text)
        self._tell(f"warning: {printable(text)}", fg="yellow")

    def leave(self, error: Refused) -> None:
        """Something that was refused and stops nothing else: the command ends with it."""
        self.left.append(error)

    def not_seen(self, unseen: Iterable[str]) -> None:
        """What cannot be known on this machine, sentences without a full stop."""
        for what in map(printable, unseen):
            if what not in self._beside["not_seen"]:
                self._beside["not_seen"][what] = what
                self.say(f"Not seen here: {what}.")

    def not_judged(self, environment: str, cause: str) -> None:
        """Why it is not known whether an environment would run the release, "" where it is."""
        if self._is_news("not_judged", environment, printable(cause)):
            self.warn(f"{environment} is not judged: {cause}")

    def overridden(self, environment: str, causes: Sequence[str]) -> None:
        """Why an environment does not run the images as they were released, nothing where it does: the result names
        these images."""
        if self._is_news("overridden", environment, [*map(printable, causes)]):
            self.warn(f"{environment} does not run the images as they were released: {'; '.join(causes)}")

    def warned(self, environment: str, warnings: Sequence[str]) -> None:
        """What a person should look at in an environment; not said again where that was said of the chart itself."""
        if self._is_news("warnings", environment, [*map(printable, warnings)]):
            for text in (it for it in warnings if it not in self._told):
                self.warn(f"in {environment}: {text}")

    def not_proposed(self, environment: str, cause: str) -> None:
        """Why nothing is proposed for an environment, "" where something is."""
        self._is_news("not_proposed", environment, printable(cause))

    def local_proposal(self, branch: str, url: str) -> None:
        """A proposal that is a file of this machine: the record, which others read, does not name it."""
        self._is_news("local_proposals", branch, printable(url))

    def _is_news(self, kind: str, name: str, said: Any) -> bool:
        """Keeps what is `said` for the result; whether that is something, and new."""
        before = self._beside[kind].get(name)
        self._beside[kind][name] = said
        return bool(said) and before != said

    def refuse(self, error: Refused) -> None:
        """Cause and remedy; with --json also on stdout, so that a program need not read prose, with what is done."""
        self._tell(f"refused ({SUBJECT[error.fault]}): {printable(error.what)}", fg="red", bold=True)
        self._tell(f"  what to do: {printable(error.remedy)}")
        sys.stderr.write(annotation(f"{printable(error.what)}\n{printable(error.remedy)}"))
        if self.json:
            self._write(
                {
                    "refused": printable(error.what),
                    "remedy": printable(error.remedy),
                    "fault": error.fault,
                }
                | ({"done": error.done} | self._said() if isinstance(error, Incomplete) else {})
            )

    def _said(self) -> dict[str, Any]:
        """What there is beside the document. JSON has it too, but for what others cannot open."""
        found = {kind: {name: said for name, said in table.items() if said} for kind, table in self._beside.items()}
        if self.json:
            found["local_proposals"] = {}
        return {kind: [*table] if kind == "not_seen" else table for kind, table in found.items() if table}

    def results(self, tables: Sequence[Mapping[str, str]], document: Any) -> None:
        """Each of `tables` for people, after an empty line; with --json `document` instead, as msgspec encodes it.
        Either has what was told beside it: not seen, not judged, overridden."""
        said = self._said()
        if self.json:
            self._write(_with(said, msgspec.to_builtins(document)) if said else document)
            return
        more = {BESIDE[kind]: NEXT.join(_lines(table)) for kind, table in said.items()}
        for number, rows in enumerate([*tables, *([more] if more else [])]):
            sys.stdout.write("\n" if number else "")
            self._table({name: printable(value) for name, value in rows.items()})

    def _table(self, rows: Mapping[str, str]) -> None:
        """Of one column of labels and one of values; no line of a value is broken, so that an address can be copied."""
        width = max(map(len, rows))
        for name, value in rows.items():
            label, text = f"{name:<{width}}", value.replace(NEXT, NEXT + " " * (width + 2))
            styled = f"{click.style(label, dim=True)}  {text}"
            self._print(styled)

    def answer(self, lines: Iterable[Sequence[Cell]], document: Any) -> None:
        """For people `lines`; with --json the `document`."""
        if self.json:
            self._write(document)
            return
        for line in lines:
            cells = [cell._replace(text=printable(cell.text)) for cell in line]
            if cells and cells[-1].cut and sys.stdout.isatty():
                before = sum(len(cell.text) for cell in cells[:-1])
                cells[-1] = cells[-1]._replace(text=fitting(cells[-1].text, before))
            styled = (click.style(it.text, fg=it.colour) if it.colour else it.text for it in cells)
            self._print("".join(styled).rstrip())

    def patch(self, title: str, text: str) -> None:
        """A further part of the result for people, with git's colours, folded on a workflow's page; with --json the
        document holds it already."""
        if self.json or not text:
            return
        with group(title):
            click.echo()
            for line in printable(text).rstrip().split("\n"):
                begin = next((it for it in PATCH if line.startswith(it)), "")
                self._print(click.style(line, **PATCH[begin]))

    def _print(self, styled: str) -> None:
        click.echo(styled, color=self._coloured)

    def _tell(self, text: str, **style: Any) -> None:
        styled = click.style(text, **style) if style else text
        if self._progress:
            self._progress.tell(styled, self._coloured)
        else:
            click.echo(styled, err=True, color=self._coloured)

    @property
    def _coloured(self) -> bool | None:
        """None: where it is printed on a terminal."""
        return False if self.colour is None and plain() else self.colour

    def _write(self, document: Any) -> None:
        written = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
        # The same document with other escapes: outside strings, JSON has none of these characters.
        seen = "".join(sign if sign == "\n" or sign.isprintable() else _escaped(sign) for sign in written)
        sys.stdout.buffer.write(COMMAND.sub(r"\\u0023", seen).encode() + b"\n")
        sys.stdout.flush()


class Notes(Report):
    """A report that shows nothing, and keeps the warnings and what is not seen."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []
        self.unseen: dict[str, None] = {}
        self._progress = None

    def _tell(self, text: str, **style: Any) -> None:
        if style.get("fg") == "yellow":
            self.warnings.append(text.removeprefix("warning: "))

    def not_seen(self, unseen: Iterable[str]) -> None:
        self.unseen |= dict.fromkeys(map(printable, unseen))


def _with(more: dict[str, Any], document: Any) -> Any:
    """Of several documents each gets them."""
    return [_with(more, item) for item in document] if isinstance(document, list) else document | more


def _lines(said: Any) -> list[str]:
    if isinstance(said, list):
        return said
    return [f"{name}: {it if isinstance(it, str) else '; '.join(it)}" for name, it in said.items()]
