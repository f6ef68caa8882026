"""The parameters of a query."""

from ..errors import Refused


def refuse_twice(query: bytes) -> None:
    """Of a parameter that is given more than once the last would win, silently."""
    if b"&" not in query:
        return
    names = [it.partition(b"=")[0] for it in query.split(b"&") if it]
    twice = sorted({it.decode("ascii", "replace") for it in names if names.count(it) > 1})
    if twice:
        wrong = "A parameter of the request is missing or has a wrong form."
        raise Refused(wrong, errors=[f"{it}: it is given more than once" for it in twice])
