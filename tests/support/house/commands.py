"""Reads which commands the documents show, and which the Makefile and the two programs have."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

FENCE = re.compile(r"^```(?:sh|shell|bash|console)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`((?:make|waybill|waybill-service) [^`\n]+)`(?!`)")
TARGET = re.compile(r"^([a-z][\w-]*):(?!=)(.*)$", re.MULTILINE)


def targets(makefile: str) -> dict[str, str]:
    """Each phony target of the Makefile with its sentence, empty where it has none."""
    return {name: rest.partition("## ")[2] for name, rest in TARGET.findall(makefile)}


def shown(document: Path) -> Iterator[list[str]]:
    """The words of each command line for `make`, `waybill` and `waybill-service` that `document` shows."""
    text = document.read_text()
    lines = [line for block in FENCE.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    for line in [*lines, *INLINE.findall(text)]:
        command = line.removeprefix("$ ").strip()
        if command.split(" ")[0] in ("make", "waybill", "waybill-service"):
            yield shlex.split(command, comments=True)
