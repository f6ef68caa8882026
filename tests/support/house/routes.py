"""Reads who may call each route of an application."""

from collections.abc import Iterator

from litestar import Litestar

from service.app import begin
from service.auth.guards import guard
from service.domain.tokens import SCOPES


def unguarded(app: Litestar) -> Iterator[str]:
    """Every handler that the guard does not see, or that is not marked with `public=True` or one known scope."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", None) or [route.route_handler]:
            if getattr(handler, "http_methods", None) == {"OPTIONS"}:
                continue  # Litestar's own answer, which names the methods
            if getattr(handler, "resolve_before_request", lambda: None)() not in (guard, begin):
                yield f"{route.path}: the guard does not see it"
            marks = [handler.opt[mark] for mark in ("public", "scope") if mark in handler.opt]
            if len(marks) != 1 or marks[0] not in (True, "any", *SCOPES):
                yield f"{route.path}: neither public nor of a scope"
