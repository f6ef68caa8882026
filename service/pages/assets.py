"""The board's style sheet, script and icons."""

from litestar.static_files import create_static_files_router

from .html import HERE

assets = create_static_files_router(
    "/static", directories=[HERE / "static"], opt={"public": True}, include_in_schema=False
)
