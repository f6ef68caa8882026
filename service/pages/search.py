"""The search, the front door: for a service, an environment, a place, a version, a commit or a digest, or how one
begins. If it can only mean one thing, that is shown at once."""

import re
from typing import Annotated, NamedTuple

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Redirect, Response

from ..domain.search import parse
from ..domain.stages import groups
from ..ledger import services
from ..ledger.environments.find import PlaceHit, find_places
from ..ledger.environments.names import environment_names
from ..ledger.releases.search import Hit, runs_in, search
from .html import Asked, address, html
from .part import part

MOST = 200  # releases
PAGE = 50
BESIDE = 30  # services, environments and places
HEX = re.compile(r"(sha256:)?[0-9a-f]{4,64}")  # what `waybill where` takes
NAMED = re.compile(r"[a-z0-9][a-z0-9./-]{0,300}")


class Finding(NamedTuple):
    """A release, and the environments in which it runs."""

    hit: Hit
    runs: list[str]


@get("/board/search", scope="read", include_in_schema=False, status_code=200)
async def show_search(
    request: Asked,
    text: Annotated[str, QueryParameter(name="q")] = "",
    page: Annotated[str, QueryParameter(name="page")] = "1",
) -> Response[bytes] | Redirect:
    name = text.strip().lower()
    named = name if NAMED.fullmatch(name) else ""
    if named and await services.exists(named):
        return Redirect(address(f"/board/services/{named}"), status_code=303)
    begun_groups = [it for it in groups(request.app.state.settings.environments) if named and it.startswith(named)]
    environments = (await environment_names(named))[:BESIDE] if named else []
    if named in (*begun_groups, *environments):
        return Redirect(address(f"/board/environments/{named}"), status_code=303)
    releases = await search(parse(text), MOST + 1)
    begun = await services.beginning(named, BESIDE) if named else []
    told = {(it.service, it.version) for it in releases}
    found = await find_places(named, BESIDE) if named else []
    places = [it for it in found if _is_more(it, named) and (it.service, it.version) not in told]
    if len(releases) == 1 and not (begun_groups or environments or begun or places):
        return Redirect(address(f"/board/releases/{releases[0].service}/{releases[0].version}"), status_code=303)
    shown = part(releases[:MOST], page, PAGE)
    return html(
        request,
        "search.html",
        asked=text.strip()[:200],
        is_hex=HEX.fullmatch(text.strip()) is not None,
        services=begun,
        groups=begun_groups,
        environments=environments,
        places=places,
        found=[Finding(it, await runs_in(it.service, it.version)) for it in shown.items],
        total=min(len(releases), MOST),
        more=len(releases) > MOST,
        part=shown,
    )


def _is_more(it: PlaceHit, named: str) -> bool:
    """What no service tells: a place of another name, or a version, which may not be filed."""
    if (it.version or "").lower().startswith(named):
        return True
    return "/" in named or it.place.partition("/")[2] != it.service
