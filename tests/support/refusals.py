"""Which places of the release tool refuse something, and which of them the tests reached.

Each process of a run notes its own in the folder that `REFUSALS` names; when every test has run, none may be left.
"""

import ast
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

from scripts.errors import Refused

TOP = Path(__file__).resolve().parents[2]
SCRIPTS = TOP / "scripts"
CLASSES = {"Refused", "Denied", "NoAnswer", "NoCheckout", "Overtaken", "OtherContent"}
# Files that do nothing without a package, and what they refuse then.
EXTRAS = {"scripts/clients/keyless.py": "sigstore"}
# What makes a Refused: a class, or a function that fills in a part of it.
MAKERS = {
    *CLASSES,
    *("refused", "accident", "garbage", "unreadable", "untrusted", "untaken", "older_ledger", "_refused"),
    *("no_address", "no_answer", "no_credential", "proxy_refused", "too_much", "unencrypted", "unknown_key"),
    *("_certificate", "_refusal", "_late", "failed", "_failed"),
    *("_moved", "_unknown", "no_rollback"),
}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every place (`scripts/file.py:line`) that makes a refusal."""
    for path in sorted(SCRIPTS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and name_of(node) in MAKERS:
                yield f"{path.relative_to(TOP)}:{node.lineno}", node


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def note() -> None:
    """From here on, this process notes every place that makes a refusal, with those that called it."""
    folder, make = os.environ.get("REFUSALS"), Refused.__init__
    if folder is None:
        return

    def noting(self: Refused, *args: Any, **more: Any) -> None:
        make(self, *args, **more)
        with (Path(folder) / str(os.getpid())).open("a") as file:
            file.writelines(f"{place}\n" for place in _places(sys._getframe(1)))

    Refused.__init__ = noting  # type: ignore[method-assign]


def _places(frame: FrameType | None) -> Iterator[str]:
    while frame:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(SCRIPTS):
            yield f"{path.relative_to(TOP)}:{frame.f_lineno}"
        frame = frame.f_back


def unreached() -> list[str]:
    """The places that no process of this run came to."""
    files = Path(os.environ["REFUSALS"]).iterdir()
    reached = {place for file in files for place in file.read_text().splitlines()}
    return [place for place, _ in calls() if place not in reached and _can_be_reached(place)]


def _can_be_reached(place: str) -> bool:
    package = EXTRAS.get(place.partition(":")[0])
    return package is None or find_spec(package) is not None
