"""Delivery figures of a period, each with what it counts."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.response import Response

from ..domain.event import NAME
from ..domain.moment import parse_moment
from ..domain.signature import ENVIRONMENT
from ..domain.stages import groups
from ..errors import NotFound, Refused
from ..ledger.environments.names import environment_names
from ..ledger.figures import delivery_figures
from ..ledger.figures_items import NAMES, counted_of, item
from ..ledger.figures_period import WEEKS, FiguresPeriod, period
from .cards import cards
from .html import Asked, large
from .not_found import not_found

PAGE = 60
TITLES = {
    "deployments": ("deployment", "deployments"),
    "commits": ("commit that began to run", "commits that began to run"),
    "left_out": ("deployment or commit without a lead time", "deployments and commits without a lead time"),
    "changes": ("change that began or failed", "changes that began or failed"),
    "failures": ("change that failed", "changes that failed"),
    "recoveries": ("failure that was mended", "failures that were mended"),
    "rework": ("deployment that follows a failure", "deployments that follow a failure"),
    "failing": ("failure that was not mended", "failures that were not mended"),
}


@get("/board/figures", scope="read", include_in_schema=False)
async def show_figures(request: Asked) -> Response[bytes]:
    """Takes the parameters of GET /figures; without `to` until the last full minute."""
    settings, given = request.app.state.settings, _given(request)
    shown = wrong = None
    try:
        asked = await _period(request, given)
        shown = await delivery_figures(asked, settings.silent_after)
    except NotFound as error:
        return not_found(request, error.problem.detail)
    except Refused as error:
        wrong = error.problem
    return await large(
        request,
        "figures.html",
        given=given,
        wrong=wrong,
        it=shown,
        asked=given | asked.query() if shown else given,
        query=urlencode(asked.query() if shown else {}),
        cards=shown and cards(shown),
        environments=[*groups(settings.environments), *await environment_names()],
    )


@get("/board/figures/{name:str}", scope="read", include_in_schema=False)
async def show_counted(
    request: Asked,
    name: FromPath[str],
    cursor: Annotated[str, QueryParameter(name="cursor")] = "",
) -> Response[bytes]:
    """One of the lists of what is counted, a page at a time."""
    if name not in NAMES:
        return not_found(request, "The address names no page of the board.")
    given = _given(request)
    try:
        asked = await _period(request, given)
        rows = await counted_of(name, asked)
    except Refused as error:
        return not_found(request, error.problem.detail)
    begins = min(int(cursor), len(rows)) if re.fullmatch("[0-9]{1,8}", cursor) else 0
    ends = begins + PAGE
    return await large(
        request,
        "counted.html",
        name=name,
        title=TITLES[name][len(rows) != 1],
        number=len(rows),
        given=given | asked.query(),
        query=urlencode(asked.query()),
        items=[item(it) for it in rows[begins:ends]],
        begins=begins,
        next=ends if ends < len(rows) else None,
    )


def _given(request: Asked) -> dict[str, str]:
    return {name: request.query_params.get(name, "").strip() for name in ("service", "environment", "from", "to")}


async def _period(request: Asked, given: dict[str, str]) -> FiguresPeriod:
    """Raises Refused."""
    if given["service"] and not NAME.fullmatch(given["service"]):
        raise Refused(f"{given['service']} is no name of a service.")
    if given["environment"] and not ENVIRONMENT.fullmatch(given["environment"]):
        raise Refused(f"{given['environment']} is no name of an environment.")
    moments = dict[str, Any]()
    for name in ("from", "to"):
        try:
            moments[name] = parse_moment(given[name]) if given[name] else None
        except ValueError as error:
            raise Refused(f"{given[name]} is no time: {error}.") from None
    ends = moments["to"] or datetime.now(UTC).replace(second=0, microsecond=0)
    begins = moments["from"] or ends - timedelta(weeks=WEEKS)
    stages = request.app.state.settings.environments
    return await period(given["service"] or None, given["environment"] or None, begins, ends, stages)
