"""The page for what is not there."""

from litestar import get
from litestar.params import FromPath
from litestar.response import Response

from .html import Asked, html


@get("/board/{rest:path}", scope="read", include_in_schema=False)
async def show_nothing(request: Asked, rest: FromPath[str]) -> Response[bytes]:
    return not_found(request, "The address names no page of the board.")


def not_found(request: Asked, what: str) -> Response[bytes]:
    return html(request, "not_found.html", 404, what=what)
