"""The parameters of a query."""

from collections import Counter

from ..errors import Refused


def refuse_twice(query: bytes) -> None:
    """Of a parameter that is given more than once the last would win, silently."""
    if b"&" not in query:
        return
    names = Counter(it.partition(b"=")[0] for it in query.split(b"&") if it)
    twice = sorted(name.decode("ascii", "replace") for name, times in names.items() if times > 1)
    if twice:
        wrong = "A parameter of the request is missing or has a wrong form."
        raise Refused(wrong, errors=[f"{it}: it is given more than once" for it in twice])
