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
UPGRADE = "Correct the name; where a newer client sent it, upgrade the ledger first."
NAMED = 10  # errors of one answer
NAMES = "query_names"  # the mark of a handler whose parameters are looked at


def wrong_form(*errors: str) -> Refused:
    """`errors`: each a parameter's name and what is wrong with it."""
    return Refused(WRONG_FORM, errors=[*errors])


def takes_no_others(handler: HTTPRouteHandler) -> bool:
    """Of the API: a filter with a wrong name would else be an answer about everything. Pages take others, since mail
    and chat programs add some to an address, each once."""
    return _is_read_or_filed(handler) and bool(handler.resolve_include_in_schema())


def mark_names(app: Litestar) -> None:
    """Notes at each handler the names that it takes; None: any. Where nothing is filtered there is no note: an event is
    not lost, nor a probe failed, for what an address has besides. The names are Litestar's own, of a part of it that is
    private: the version is pinned, and tests/service/test_unknown_and_malformed.py would see it."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler, takes in route.route_handler_map.values():
                if takes_no_others(handler):
                    handler.opt[NAMES] = frozenset(it.field_alias.encode() for it in takes.expected_query_params)
                elif _is_read_or_filed(handler):
                    handler.opt[NAMES] = None


def refuse_names(query: bytes, marks: dict[str, Any]) -> None:
    """Of a parameter that is given more than once the last would win, silently, and an unknown one would be ignored."""
    if not query or NAMES not in marks:
        return
    given, known = [it.partition(b"=")[0] for it in query.split(b"&") if it], marks[NAMES]
    if known is not None and len({*given}) == len(given) and known.issuperset(given):
        return  # half a microsecond instead of 3
    names = Counter(unquote_to_bytes(it.replace(b"+", b" ")) for it in given)
    others = (f"{_text(it)}: {_instead(known)}" for it in sorted(names) if known is not None and it not in known)
    if errors := [*islice(others, NAMED)]:
        raise Refused(WRONG_FORM, UPGRADE, errors=errors)
    twice = (f"{_text(it)}: it is given more than once" for it in sorted(names) if names[it] > 1)
    if errors := [*islice(twice, NAMED)]:
        raise wrong_form(*errors)


def _is_read_or_filed(handler: HTTPRouteHandler) -> bool:
    return handler.opt.get("scope") not in (None, "metrics")


def _instead(known: frozenset[bytes]) -> str:
    names = ", ".join(map(_text, sorted(known)))
    return f"there is no such parameter here, only {names}" if names else "there are no parameters here"


def _text(name: bytes) -> str:
    return name.decode(errors="replace") or "(no name)"
