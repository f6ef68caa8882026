"""Text of others in Markdown: it stays where it is put, whatever it holds.

Forges read mentions, references, closing keywords and addresses in text, and none in code
(https://docs.github.com/en/get-started/writing-on-github): a word that could be one is put into code.
"""

import re
from collections.abc import Iterable

# Letters, digits and punctuation that means nothing inside a line, so that most prose stays as it is.
PLAIN = re.compile(r"(?:[^\W_]|[.,:;()'\"/<>=%+?-])*")
# An address, a milestone of GitLab, `GH-7` or an issue of a tracker beside the forge, or the id of a commit.
LINKED = re.compile(
    r"://|\b(?i:www)\.|%[\w\"]|\b(?:(?i:gh)|[A-Z][A-Z0-9_]+)-[0-9]|\b(?i:(?=[a-z]*[0-9])[0-9a-f]{7,})\b"
)
# What begins a list, a quote, a heading, a rule, or a command to GitLab where a line begins.
BLOCK = re.compile(r"[>+=/-]|[0-9]+[.)]$")
LINK = re.compile(r"https?://[\w.~:/%+=&?@#,-]+", re.ASCII)


def visible(text: str) -> str:
    """One line: what cannot be seen, or turns the order of what can, is written as its number."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)


def code(text: str) -> str:
    """A code span, in a table's cell too."""
    shown = visible(text).replace("|", "\N{BROKEN BAR}")
    ticks = "`" * (1 + _longest_run(shown))
    # One space at each end is no part of the content, unless all of it is spaces.
    edge = " " if shown.strip(" ") and (shown.startswith((" ", "`")) or shown.endswith((" ", "`"))) else ""
    return f"{ticks}{edge}{shown or ' '}{edge}{ticks}"


def prose(text: str) -> str:
    """Words of a line, at its beginning too."""
    words = text.replace("`", "'").split()
    if not words:
        return code(text)
    return " ".join([code(words[0]) if BLOCK.match(words[0]) else _word(words[0]), *map(_word, words[1:])])


def address(url: str) -> str:
    """An address of our own settings, which forges make a link of."""
    return url if LINK.fullmatch(url) else code(url)


def fenced(lines: Iterable[str], language: str) -> list[str]:
    """The lines of a block of code."""
    shown = [visible(line) for line in lines]
    ticks = "`" * max(3, *(1 + _longest_run(line) for line in ["", *shown]))
    return [f"{ticks}{language}", *shown, ticks]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _word(word: str) -> str:
    return word.replace("<", "&lt;") if PLAIN.fullmatch(word) and not LINKED.search(word) else code(word)
