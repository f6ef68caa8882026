"""A part of a list that is too long for one page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Part(Generic[Item]):
    """`number` of `last`, both counted from 1."""

    items: Sequence[Item]
    number: int
    last: int


def part(several: Sequence[Item], asked: str, size: int) -> Part[Item]:
    """`asked`: its number, as an address has it. What is none means the first, one beyond the end the last."""
    last = max(1, -(-len(several) // size))
    number = int(asked) if re.fullmatch("[0-9]{1,5}", asked) else 1
    number = min(max(1, number), last)
    return Part(several[(number - 1) * size : number * size], number, last)
