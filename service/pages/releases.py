"""A release and its way: commit, image, chart, proposal, and where it arrived."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import msgspec
from litestar import get
from litestar.params import FromPath
from litestar.response import Response

from ..domain.event import NAME, VERSION
from ..ledger.environments import state as environments
from ..ledger.environments.place import Attempt
from ..ledger.environments.state import EnvironmentState
from ..ledger.releases import read
from ..ledger.releases.brief import brief, newest_in_brief
from .commits import comparison_page
from .html import Asked, html
from .not_found import not_found

MOST_FAILURES = 25
LISTED = 200  # of the service, newest first
MOST_IN_BRIEF = 6  # arrivals, beside the other stations; the list below has them all


@get("/board/releases/{service:str}/{version:str}", scope="read", include_in_schema=False)
async def show_release(request: Asked, service: FromPath[str], version: FromPath[str]) -> Response[bytes]:
    silent_after = request.app.state.settings.silent_after
    known = NAME.fullmatch(service) and VERSION.fullmatch(version)
    it = await read.full_record(service, version, silent_after=silent_after) if known else None
    if it is None:
        return not_found(request, f"No release {version} of {service} was filed.")
    now = await _now(service, version, silent_after)
    told = await brief(service, version)
    listed = [it.version for it in await newest_in_brief(service, LISTED)]
    return html(
        request,
        "release.html",
        later=[name for name, other in now.others if version in listed and _is_later(other, version, listed)],
        told=told,
        compared=comparison_page(await brief(service, told.since) if told and told.since else None, told),
        waybill=msgspec.json.decode(it.document),
        receipt=it.receipt,
        proposals=[msgspec.json.decode(part) for part in it.proposals.items],
        deliveries=it.deliveries.items,
        arrivals=it.arrivals.items,
        brief=MOST_IN_BRIEF,
        cut=it.arrivals.next is not None,
        failures=it.failures.items[:MOST_FAILURES],
        failed=now.failed,
        runs_in=now.runs_in,
        silent=now.silent,
    )


def _is_later(other: str, version: str, listed: list[str]) -> bool:
    """Of two that are listed newest first."""
    return other in listed and listed.index(other) < listed.index(version)


class ReleaseNow(NamedTuple):
    """`runs_in`: environments; `others`: the environments and the versions that run instead; `failed`: the environments
    in which this is the latest release that failed; `silent`: of which nothing is heard, so that what they run is last
    known."""

    runs_in: list[str]
    others: list[tuple[str, str]]
    failed: list[tuple[str, Attempt]]
    silent: set[str]


async def _now(service: str, version: str, silent_after: int) -> ReleaseNow:
    found = [it async for it in _every_environment(silent_after)]
    places = [(it.environment, place) for it in found for place in it.services]
    here = [(environment, it) for environment, it in places if it.service == service]
    return ReleaseNow(
        sorted({name for name, it in here if it.release and it.release.known and it.release.version == version}),
        sorted((name, it.release.version) for name, it in here if it.release and it.release.version != version),
        [(name, it.attempt) for name, it in here if it.attempt and it.attempt.version == version],
        {name for name, it in here if it.health_cause == "silent"},
    )


async def _every_environment(silent_after: int) -> AsyncIterator[EnvironmentState]:
    cursor = None
    while True:
        page = await environments.states(cursor, limit=200, silent_after=silent_after)
        for it in page.items:
            yield it
        cursor = page.next
        if cursor is None:
            return
