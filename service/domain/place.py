"""How a place stands, as it is kept: its lanes, with the number of the rules that they were made by."""

from collections.abc import Sequence

import msgspec

from .lane import ObjectLane
from .state import State
from .timeline import closings

RULES = 8  # goes up with every change of what entries do: what was made by other rules is made anew


class NewerRules(Exception):
    """A newer version of this ledger made it: this one would have to guess what it means."""


class OlderRules(Exception):
    """An older version of this ledger made it, and it was not made anew yet."""


class Standing(msgspec.Struct, gc=False, omit_defaults=True):
    """Lanes by their beginning. Of those that are closed only the times are kept."""

    rules: int = 0
    lanes: tuple[ObjectLane, ...] = ()

    @property
    def open(self) -> list[ObjectLane]:
        if len(self.lanes) == 1:
            return [self.lanes[0]]
        return [it for it, end in zip(self.lanes, closings(self.lanes), strict=True) if end is None]

    @property
    def state(self) -> State:
        """Of the lane that began last, if it is open."""
        found = self.open
        return found[-1].state if found else State()


_decode = msgspec.json.Decoder(Standing).decode
_encode = msgspec.json.Encoder().encode


def standing_in(text: str) -> Standing | None:
    """None: it was made by older rules. Raises NewerRules."""
    try:
        found = _decode(text)
    except msgspec.ValidationError:
        return None
    if found.rules > RULES:
        raise NewerRules
    return found if found.rules == RULES else None


def standing_of(lanes: Sequence[ObjectLane]) -> Standing:
    if len(lanes) == 1:
        return Standing(RULES, tuple(lanes))
    ends = closings(lanes)
    return Standing(
        RULES,
        tuple(
            it if end is None else ObjectLane(it.uid, it.first, it.last, it.basis, it.clusters, high=it.high)
            for it, end in zip(lanes, ends, strict=True)
        ),
    )


def text_of(lanes: Sequence[ObjectLane]) -> str:
    return _encode(standing_of(lanes)).decode()
