"""The parameters of a query."""

from collections import Counter

from ..errors import Refused

WRONG_FORM = "A parameter of the request is missing or has a wrong form."


def wrong_form(*errors: str) -> Refused:
    """`errors`: each a parameter's name and what is wrong with it."""
    return Refused(WRONG_FORM, errors=[*errors])


def refuse_twice(query: bytes) -> None:
    """Of a parameter that is given more than once the last would win, silently."""
    if b"&" not in query:
        return
    names = Counter(it.partition(b"=")[0] for it in query.split(b"&") if it)
    twice = sorted(name.decode("ascii", "replace") for name, times in names.items() if times > 1)
    if twice:
        raise wrong_form(*(f"{it}: it is given more than once" for it in twice))
