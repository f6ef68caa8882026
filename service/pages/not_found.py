"""The page for what is not there."""

from datetime import UTC, datetime

from litestar.response import Response

from .html import html


def not_found(what: str) -> Response[str]:
    return html("not_found.html", 404, now=datetime.now(UTC), what=what)
