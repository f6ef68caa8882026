"""The board's style sheet, script and icons."""

import mimetypes
from pathlib import Path
from typing import Any

from litestar import Request, get
from litestar.params import FromPath
from litestar.response import Response

from ..http.conditional import conditional
from .html import HERE
from .not_found import not_found

ASSETS = {it.name: it.read_bytes() for it in sorted((HERE / "static").iterdir())}


@get("/static/{file_path:path}", public=True, include_in_schema=False)
async def show_asset(request: Request[Any, Any, Any], file_path: FromPath[Path]) -> Response[bytes]:
    """Revalidated each time, so that they fit the page."""
    name = str(file_path).removeprefix("/")
    if name not in ASSETS:
        return not_found(request, "There is no such file.")
    media_type, _ = mimetypes.guess_type(name)
    return conditional(request, ASSETS[name], media_type or "application/octet-stream")
