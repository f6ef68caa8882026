"""What one look found, and how a check of ship and plan becomes one: no second opinion is formed here."""

from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

from ..errors import Refused
from ..report import Notes, Report

Work = Callable[[Report], str]


class Diagnosis(Struct, frozen=True):
    """`fail` would stop a release; `warn` would not, or is not known; `skip`: there was nothing to look at. `what` is a
    sentence without a full stop, or several."""

    state: Literal["ok", "warn", "fail", "skip"]
    what: str
    remedy: str = ""


def of_refusal(state: Literal["warn", "fail"], error: Refused) -> Diagnosis:
    return Diagnosis(state, error.what.rstrip("."), error.remedy)


def looked(work: Work, *, without: str = "\0") -> list[Diagnosis]:
    """What `work` refuses or warns of, but for warnings with the text `without`, else what it says; and what it could
    not see."""
    notes = Notes()
    try:
        said = work(notes)
    except Refused as error:
        return [*_warnings(notes, without), of_refusal("fail", error)]
    found = _warnings(notes, without) or ([Diagnosis("ok", said)] if said else [])
    return found + [Diagnosis("skip", f"not seen here: {what}") for what in notes.unseen]


def _warnings(notes: Notes, without: str) -> list[Diagnosis]:
    return [Diagnosis("warn", text.rstrip(".")) for text in notes.warnings if without not in text]


def stops_release(found: Iterable[Diagnosis]) -> bool:
    return any(it.state == "fail" for it in found)
