"""YAML as people write it, with one gap at a known path: what an edit must give is known without reading it as YAML."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]
Lines = list[str]

GAP = "\ue000"
KEYS = {
    text: json.loads(text) if text[0] == '"' else text.strip("'")
    for text in ["image", "a", "two words", "é", "😀", "app.kubernetes.io/name", '"quoted"', "'2'", '"1.5"', "x-y", "_"]
}
LEAVES = [
    *["1", "1.10", "true", "~", "null", "2026-01-02", "text", "two words", "a:b", "-1", "a'b", 'a"b', "é😀", "x" * 300],
    *["'single ''quoted'''", '"double \\" \\u00e9"', '"# no comment"', '""', "''", "https://example.org/a#b"],
    *["[a, {b: c}]", "{}", "[]", "{a: 1, 'b': [x]}", "{ spaced : 1 , }", "", "[[[a]]]", "!!str 1"],
]
MULTILINE = [
    *[["|", "  lines", "", "    deeper"], [">-", "  folded", "  text"], ["|+ # kept", "  kept", ""], ["|-", "  x: y"]],
    *[["plain over", "  two lines"], ['"quoted over', '  two lines"'], ["{a: 1,", "  b: [2, # two", "  3]}"]],
]
COMMENTS = ["# plain", "#", "#\ttab", "# 😀 é", "# key: value", "# '\"{[", "# &a *a !t", "# " + "long " * 300]
TRAILING = ["", "", "", " # why", "\t# tab", "   ", "  #\ttab", " # 😀", " # " + "long " * 300]
HEADS = [[], ["---"], ["# head", ""], ["%YAML 1.1", "---"], ["--- # head"], ["", "#\thead"]]
TAILS = [[], [], ["..."], ["# tail"], ["", ""], ["  # indented"]]
PLAIN = ["a/b", "sha256:" + "0" * 64, "1.10", "true", "0.1.0", "é😀", "two words", "a:b", "x" * 2000, "~", "12e3"]

# One line of what people can see; quotes, colons and the like come up often.
TEXTS = st.one_of(
    st.sampled_from(
        [
            *PLAIN,
            "",
            " ",
            "a: b",
            "a #b",
            "- a",
            "yes",
            "y",
            "N",
            "1e3",
            "0o17",
            "0x1f",
            "1_000",
            "=",
            "<<",
            "null",
            "'",
            '"',
        ]
    ),
    st.text(st.characters(codec="utf-8").filter(str.isprintable), max_size=40),
)


def written(text: str, quote: str) -> str:
    return {"": text, "'": "'" + text.replace("'", "''") + "'", '"': json.dumps(text, ensure_ascii=False)}[quote]


@dataclass(frozen=True)
class Place:
    """`text` has GAP where the value `old`, in `quote`s or plain, stands at `path`; `empty`: nothing stands there."""

    text: str
    path: Path
    quote: str
    old: str
    empty: bool

    @property
    def source(self) -> bytes:
        return self.text.replace(GAP, written(self.old, self.quote)).encode()

    def results(self, value: str | bool) -> list[bytes]:
        """What an edit to `value` may give: a quote stays, a plain value may get double quotes."""
        forms = [json.dumps(value)] if isinstance(value, bool) else [written(value, self.quote or '"')]
        if isinstance(value, str) and not self.quote:
            forms.append(value)
        return [self.text.replace(GAP, f" {form}" if self.empty else form).encode() for form in forms]


class _Writer:
    """Writes blocks as lists of lines; `gap` asks for one that holds the gap, and for the path to it."""

    def __init__(self, draw: Callable[..., Any], *, empty: bool) -> None:
        self.draw, self.empty, self.anchors = draw, empty, count()

    def pick(self, items: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(items))

    def chance(self, out_of: int) -> bool:
        return self.draw(st.integers(1, out_of)) == 1

    def block(self, depth: int, *, gap: bool) -> tuple[Lines, Path]:
        if depth and self.chance(4):
            heads: list[tuple[str, str | int]] = [("-", index) for index in range(self.pick([1, 2, 3]))]
        else:
            keys = self.draw(st.lists(st.sampled_from(list(KEYS)), min_size=1, max_size=4, unique=True))
            heads = [(f"{key}:", KEYS[key]) for key in keys]
        chosen = self.pick(heads) if gap else None
        out: Lines = []
        path: Path = ()
        for head in heads:
            lines, below = self.carrier(depth) if head == chosen else (self.other(depth), ())
            if head == chosen:
                path = (head[1], *below)
            first = head[0] + lines[0]
            # `-<tab>` is no YAML for libyaml and Go.
            first = first.replace("\t", " ") if head[0] == "-" else first
            out += [*(self.pick(["", *COMMENTS]) for _ in range(self.pick([0, 0, 0, 1, 2]))), first, *lines[1:]]
        return self.with_anchor(out) if heads[0][0] != "-" and self.chance(6) else out, path

    def with_anchor(self, lines: Lines) -> Lines:
        name = f"anchor{next(self.anchors)}"
        pair = [f"{name}: &{name} {{x: 1}}", f"again-{name}: *{name}", f"merged-{name}: {{<<: *{name}, y: 2}}"]
        return self.pick([[*pair, *lines], [*lines, *pair]])

    def other(self, depth: int) -> Lines:
        """A value without the gap; its first line follows the key."""
        if depth > 3 or self.chance(2):
            return [f" {self.pick(LEAVES)}{self.pick(TRAILING)}"]
        if self.chance(2):
            first, *more = self.pick(MULTILINE)
            return [f" {first}", *more]
        return [self.pick(TRAILING), *indented(self.block(depth + 1, gap=False)[0])]

    def carrier(self, depth: int) -> tuple[Lines, Path]:
        """The value that holds the gap, or is it."""
        if depth < 3 and self.chance(3):
            lines, path = self.block(depth + 1, gap=True)
            return [self.pick(TRAILING), *indented(lines, self.pick([2, 2, 4, 1]))], path
        if not self.empty and self.chance(3):
            text, path = self.flow(0)
            return [f" {text}{self.pick(TRAILING)}"], path
        return [GAP + self.pick(TRAILING) if self.empty else f" {GAP}{self.pick(TRAILING)}"], ()

    def flow(self, depth: int) -> tuple[str, Path]:
        inner, path = self.flow(depth + 1) if depth < 2 and self.chance(2) else (GAP, ())
        if self.chance(3):
            before, after = self.pick([[], ["first"], ["[a]"]]), self.pick([[], ["'last'"], ["{}"]])
            return "[" + ", ".join([*before, inner, *after]) + "]", (len(before), *path)
        key = self.pick(list(KEYS))
        before, after = self.pick([[], ["first: 1"], ["first: {}"]]), self.pick([[], ["last: [2]"], ["last: x"]])
        whole = self.pick([", ", ",\n    "]).join([*before, f"{key}: {inner}", *after])
        return "{" + whole + self.pick(["", ",", " "]) + "}", (KEYS[key], *path)


def indented(lines: Lines, by: int = 2) -> Lines:
    return [" " * by + line if line else line for line in lines]


@st.composite
def places(draw: Callable[..., Any]) -> Place:
    quote = draw(st.sampled_from(["", "'", '"']))
    empty = not quote and draw(st.booleans())
    old = "" if empty else draw(TEXTS if quote else st.sampled_from(PLAIN))
    writer = _Writer(draw, empty=empty)
    lines, path = writer.block(0, gap=True)
    lines = "\n".join([*writer.pick(HEADS), *lines, *writer.pick(TAILS)]).split("\n")
    eol = writer.pick(["\n", "\n", "\r\n"])
    text = writer.pick(["", "\ufeff"]) + eol.join(lines) + writer.pick([eol, eol, ""])
    return Place(text, path, quote, old, empty)
