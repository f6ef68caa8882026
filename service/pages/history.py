"""The history: what happened, of all or of a part, a page at a time and as a feed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Response

from ..domain.event import NAME
from ..domain.moment import parse_moment
from ..domain.signature import ENVIRONMENT
from ..domain.stages import groups
from ..ledger import services
from ..ledger.environments.names import environment_names
from ..ledger.environments.state import environment_row
from ..ledger.history import CURSOR, KINDS, history_of_stage
from ..ledger.history_rows import HistoryFilter
from .happenings import happenings
from .html import Asked, large

PAGE = 50


@get("/board/history", scope="read", include_in_schema=False)
async def show_history(
    request: Asked,
    cursor: Annotated[str | None, QueryParameter(name="cursor")] = None,
) -> Response[bytes]:
    """Takes the parameters of GET /history; what cannot be meant is named, and filters nothing."""
    asked = {
        name: request.query_params.get(name, "").strip() for name in ("service", "environment", "kind", "from", "to")
    }
    wanted, wrong = _wanted(asked)
    cursor = cursor if cursor and CURSOR.fullmatch(cursor) else None
    settings = request.app.state.settings
    named = groups(settings.environments)
    found = await history_of_stage(wanted, settings.environments, cursor, PAGE, settings.silent_after)
    given = {name: "" if name in wrong else text for name, text in asked.items()}
    return await large(
        request,
        "history.html",
        asked=asked,
        wrong=[*wrong.values(), *await _unknown(wanted, named)],
        query=urlencode({name: text for name, text in given.items() if text}),
        given=given,
        several=not given["environment"] or given["environment"] in named,
        kinds=KINDS,
        environments=dict.fromkeys([*named, *await environment_names(), *filter(None, [wanted.environment])]),
        happened=await happenings(found.items, wanted.service, cursor, settings.silent_after),
        next=found.next,
        cursor=cursor,
    )


async def _unknown(wanted: HistoryFilter, groups: Sequence[str]) -> list[str]:
    """What the ledger has never heard of: that nothing happened to it is not known."""
    service, environment, found = wanted.service, wanted.environment, list[str]()
    if service and not await services.exists(service):
        found.append(f"Nothing is known of a service {service}")
    if environment and environment not in groups and await environment_row(environment) is None:
        found.append(f"No environment {environment} has reported")
    return found


def _wanted(asked: dict[str, str]) -> tuple[HistoryFilter, dict[str, str]]:
    """Also what is wrong with each that cannot be meant."""
    wrong = dict[str, str]()
    if asked["service"] and not NAME.fullmatch(asked["service"]):
        wrong["service"] = f"{asked['service']} is no name of a service"
    if asked["environment"] and not ENVIRONMENT.fullmatch(asked["environment"]):
        wrong["environment"] = f"{asked['environment']} is no name of an environment"
    if asked["kind"] and asked["kind"] not in KINDS:
        wrong["kind"] = f"{asked['kind']} is no kind of what happens"
    moments: dict[str, datetime | None] = dict.fromkeys(("from", "to"))
    for name in moments:
        try:
            moments[name] = parse_moment(asked[name]) if asked[name] else None
        except ValueError as error:
            wrong[name] = f"{asked[name]} is no time: {error}"
    begins, ends = moments["from"], moments["to"]
    if begins and begins > datetime.now(UTC):
        wrong["from"] = f"{asked['from']} has not happened yet"
    elif begins and ends and ends <= begins:
        wrong["to"] = f"{asked['to']} is not after {asked['from']}"
    moments |= dict.fromkeys(wrong.keys() & moments.keys())
    service, environment, kind = (
        asked[it] or None if it not in wrong else None for it in ("service", "environment", "kind")
    )
    return HistoryFilter(service, environment, kind, moments["from"], moments["to"]), wrong
