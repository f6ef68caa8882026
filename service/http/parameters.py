"""The parameters of a query."""

from collections import Counter
from itertools import islice
from typing import Any
from urllib.parse import unquote_to_bytes

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from ..errors import Refused

WRONG_FORM = "A parameter of the request is missing or has a wrong form."
NAMED = 10  # errors of one answer
KNOWN = "parameters"  # the mark of a handler that takes no others


def wrong_form(*errors: str) -> Refused:
    """`errors`: each a parameter's name and what is wrong with it."""
    return Refused(WRONG_FORM, errors=[*errors])


def refuses_others(handler: HTTPRouteHandler) -> bool:
    """Of the API: a filter with a wrong name would else be an answer about everything. Addresses of pages and badges
    get parameters on their way (`utm_source`), a collector of metrics may add some, and an event must not be lost."""
    scope = handler.opt.get("scope")
    return scope not in (None, "metrics") and bool(handler.resolve_include_in_schema())


def mark_known(app: Litestar) -> None:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler, takes in route.route_handler_map.values():
                if refuses_others(handler):
                    handler.opt[KNOWN] = frozenset(it.field_alias.encode() for it in takes.expected_query_params)


def refuse_names(query: bytes, marks: dict[str, Any]) -> None:
    """Of a parameter that is given more than once the last would win, silently, and an unknown one would be ignored."""
    if not query:
        return
    given, known = [it.partition(b"=")[0] for it in query.split(b"&") if it], marks.get(KNOWN)
    if known is not None and len({*given}) == len(given) and known.issuperset(given):
        return  # half a microsecond instead of 3
    names = Counter(unquote_to_bytes(it.replace(b"+", b" ")) for it in given)
    twice = (f"{_text(it)}: it is given more than once" for it in sorted(names) if names[it] > 1)
    others = (f"{_text(it)}: {_instead(known)}" for it in sorted(names) if known is not None and it not in known)
    if errors := [*islice(others, NAMED), *islice(twice, NAMED)]:
        raise wrong_form(*errors)


def _instead(known: frozenset[bytes]) -> str:
    names = ", ".join(map(_text, sorted(known)))
    return f"there is no such parameter here, but {names}" if names else "there is no parameter here"


def _text(name: bytes) -> str:
    return name.decode(errors="replace")
