"""Ranges of names of a namespace, as an observer reads them."""

import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable

import msgspec

from .event import NAME

END = re.compile(r"[a-z0-9.-]{0,254}")  # a name, or what follows after one


class NameRange(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """The names of a namespace in [from, until) were read completely; until "": to the end."""

    namespace: str
    from_: str = ""
    until: str = ""

    @property
    def is_named(self) -> bool:
        """Whether Kubernetes could have such names."""
        ends = all(END.fullmatch(it) for it in (self.from_, self.until))
        return ends and NAME.fullmatch(self.namespace) is not None

    @property
    def is_one_name(self) -> bool:
        """So an observer tells that a HelmRelease is gone: no name ends with a dash."""
        return self.until == f"{self.from_}-"


class NameRanges:
    """Several, in which names are found without going through all of them."""

    def __init__(self, ranges: Iterable[NameRange]) -> None:
        self._ends = defaultdict[str, dict[str, str]](dict)  # of each namespace where a range begins, and ends
        last: NameRange | None = None
        for it in sorted(ranges, key=lambda it: (it.namespace, it.from_)):
            if last and last.namespace == it.namespace and (not last.until or it.from_ <= last.until):
                until = max(last.until, it.until) if last.until and it.until else ""
                last = NameRange(it.namespace, last.from_, until)
            else:
                last = it
            self._ends[last.namespace][last.from_] = last.until
        self._begins = {namespace: [*ends] for namespace, ends in self._ends.items()}

    def hold(self, namespace: str, name: str) -> bool:
        begins = self._begins.get(namespace, ())
        number = bisect(begins, name)
        if number == 0:
            return False
        until = self._ends[namespace][begins[number - 1]]
        return not until or name < until
