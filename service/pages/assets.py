"""The board's style sheet, script and icons."""

from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

from .html import HERE

static_files = create_static_files_router(
    "/static",
    directories=[HERE / "static"],
    cache_control=CacheControlHeader(no_cache=True),  # revalidated each time, so that they fit the page
    opt={"public": True},
    include_in_schema=False,
)
