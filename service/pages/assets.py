"""The board's style sheet, script and icons."""

from typing import Any

from litestar import Request
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import InternalServerException
from litestar.response import Response
from litestar.static_files import create_static_files_router

from .html import HERE
from .not_found import not_found


def no_file(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """A name that no file can have: with a NUL, too long, or not to be written in the system's encoding."""
    return not_found("There is no such file.")


static_files = create_static_files_router(
    "/static",
    directories=[HERE / "static"],
    cache_control=CacheControlHeader(no_cache=True),  # revalidated each time, so that they fit the page
    exception_handlers={ValueError: no_file, InternalServerException: no_file},
    opt={"public": True},
    include_in_schema=False,
)
