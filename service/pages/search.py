"""The search: for a version, a commit or a digest, or how one begins. If one release is found, it is shown at once."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Redirect, Response

from ..domain.search import parse
from ..ledger.releases.search import search
from .html import address, html

MOST = 50


@get("/board/search", scope="read", include_in_schema=False, status_code=200)
async def show_search(text: Annotated[str, QueryParameter(name="q")] = "") -> Response[str] | Redirect:
    found = await search(parse(text), MOST + 1)
    if len(found) == 1:
        return Redirect(address(f"/board/releases/{found[0].service}/{found[0].version}"), status_code=303)
    return html(
        "search.html",
        now=datetime.now(UTC),
        asked=text.strip()[:200],
        found=found[:MOST],
        more=len(found) > MOST,
    )
