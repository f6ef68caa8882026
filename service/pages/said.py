"""What was said of a place from a moment on: the evidence of what happened there."""

from typing import Annotated

from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.response import Response

from ..domain.event import seconds_of
from ..domain.moment import parse_moment
from ..domain.signature import ENVIRONMENT
from ..ledger.events.said import said_from
from ..ledger.rows import PlaceKey
from .html import Asked, html
from .not_found import not_found

MOST = 10


@get("/board/environments/{environment:str}/said", scope="read", include_in_schema=False)
async def show_said(
    request: Asked,
    environment: FromPath[str],
    place: Annotated[str, QueryParameter(name="place")] = "",
    at: Annotated[str, QueryParameter(name="at")] = "",
) -> Response[bytes]:
    """`place`: namespace/name. What was told at the moment `at` comes first."""
    try:
        moment = parse_moment(at)
    except ValueError:
        return not_found(request, "The address names no moment.")
    known = ENVIRONMENT.fullmatch(environment) and place.isprintable()
    since = max(0, seconds_of(moment))
    found = await said_from(PlaceKey(environment, place), since, MOST + 1) if known else []
    if not found:
        return not_found(request, "Nothing was said of that place from then on.")
    return html(
        request,
        "said.html",
        environment=environment,
        place=place,
        moment=moment,
        said=found[:MOST],
        more=len(found) > MOST,
    )
