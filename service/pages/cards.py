"""Delivery figures as cards: each with its value, what it counts, 13 bars, and the period before."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from ..domain.figures import Count
from ..ledger.figures import DeliveryFigures, Figure, FiguresOfPart
from . import words

WIDTH, HEIGHT, STEP = 14, 48, 16  # of a bar, and from one to the next
BEGINNING = datetime(1970, 1, 1)  # only the distance from it is told
NOTHING = "nothing to count"


class FigureBar(NamedTuple):
    """`height` None: there was nothing to count."""

    x: int
    height: int | None
    begins: datetime
    ends: datetime
    text: str


@dataclass(frozen=True)
class Card:
    """`numbers`: what is counted, each with its link; `before`: of the period before. `tone`: of its bars."""

    title: str
    value: str
    it: Figure
    numbers: list[tuple[str, str | None]]
    before: str
    bars: list[FigureBar]
    tone: str = "now"


def cards(it: DeliveryFigures) -> list[Card]:
    return [
        _card(it, "deployments", "Deployments a week", _number, lambda it: [(_counted(it.n, "deployment"), it.url)]),
        _card(it, "lead_time", "Lead time, median", _span, _lead),
        _card(it, "change_fail_rate", "Change fail rate", _share, _failed),
        _card(it, "recovery_time", "Time to recover, median", _span, _recovered),
        _card(it, "rework_rate", "Rework rate", _share, _follow),
    ]


def _card(
    it: DeliveryFigures,
    name: str,
    title: str,
    said: Callable[[float | None], str],
    numbers: Callable[[Figure], list[tuple[str, str | None]]],
) -> Card:
    figure, before = it.figures[name], _of(it.before, name)
    told = said(before.value) + (f" of {before.of:,}" if before.of else f", n = {before.n:,}" if before.n else "")
    tone = "ill" if name == "change_fail_rate" else "now"
    return Card(title, said(figure.value), figure, numbers(figure), told, list(_bars(it.bars, name, said)), tone)


def _bars(parts: list[FiguresOfPart], name: str, said: Callable[[float | None], str]) -> Iterator[FigureBar]:
    values = [_of(it, name).value for it in parts]
    most = max((it for it in values if it is not None), default=0) or 1
    for number, (part, value) in enumerate(zip(parts, values, strict=True)):
        height = None if value is None else max(1, round(HEIGHT * value / most))
        yield FigureBar(1 + STEP * number, height, part.begins, part.ends, said(value))


def _of(part: FiguresOfPart, name: str) -> Count:
    count: Count = getattr(part.figures, name)
    return count


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def _lead(it: Figure) -> list[tuple[str, str | None]]:
    p90 = [(f"nine of ten within {_span(it.p90)}", None)] if it.p90 is not None else []
    return [(_counted(it.n, "commit"), it.url), *p90, *_rest(it, "left out")]


def _failed(it: Figure) -> list[tuple[str, str | None]]:
    return [(f"{it.n:,} failed", it.url), (f"of {_counted(it.of or 0, 'change')}", it.of_url)]


def _follow(it: Figure) -> list[tuple[str, str | None]]:
    verb = "follows" if it.n == 1 else "follow"
    return [(f"{it.n:,} {verb} a failure", it.url), (f"of {_counted(it.of or 0, 'deployment')}", it.of_url)]


def _recovered(it: Figure) -> list[tuple[str, str | None]]:
    return [(f"{it.n:,} recovered", it.url), *_rest(it, "not mended")]


def _rest(it: Figure, noun: str) -> list[tuple[str, str | None]]:
    return [(f"{it.left:,} {noun}", it.left_url)] if it.left else []


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.1f}"


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:.1f} %"


def _span(value: float | None) -> str:
    return NOTHING if value is None else words.span(BEGINNING, BEGINNING + timedelta(seconds=value))
