"""A badge: what a service runs in an environment, as a picture for a README."""

from collections.abc import Sequence

from litestar import get
from litestar.params import FromPath
from litestar.response import Response

from ..domain.event import NAME
from ..domain.signature import ENVIRONMENT
from ..domain.stages import members
from ..errors import NotFound
from ..http.conditional import conditional
from ..ledger.environments.place import PlaceState
from ..ledger.environments.service import service_states
from ..ledger.environments.state import environment_row
from .condition import condition
from .html import HEADERS, Asked, render
from .sentences import names

WIDTH, ROOM = 7, 12  # pixels of a letter, at most, and beside a text
COLOURS = {"ill": "#b3261e", "warn": "#835400", "unknown": "#5a5f73", "open": "#1f4e79", "": "#1f7a52"}


@get("/badge/{service:str}/{file:str}", public=True, include_in_schema=False)
async def show_badge(request: Asked, service: FromPath[str], file: FromPath[str]) -> Response[bytes]:
    """`file` is the environment, or the group, with `.svg`. There is none where reading needs a token: the pictures of
    a README are fetched without one."""
    environment, _, ending = file.rpartition(".")
    settings = request.app.state.settings
    known = NAME.fullmatch(service) and ENVIRONMENT.fullmatch(environment) and ending == "svg"
    if settings.reads_need_token or not known:
        raise NotFound("There is no such badge.", "It is at /badge/{service}/{environment}.svg where READS is public.")
    states = await service_states(service, settings.silent_after)
    environments = members(settings.environments, environment) or (environment,)
    heard = any([it in states or await environment_row(it) for it in environments])
    text, colour = _stand([it for name in environments if name in states for it in states[name].services], heard)
    label = f"{service} {environment}"
    widths = [len(it) * WIDTH + ROOM for it in (label, text)]
    picture = render("badge.svg", label=label, text=text, colour=colour, left=widths[0], right=widths[1])
    return conditional(request, picture.encode(), "image/svg+xml", None, HEADERS)


def _stand(places: Sequence[PlaceState], heard: bool) -> tuple[str, str]:
    """The words and the colour; with several places, of the one that is worst. `heard`: something reported there."""
    if not places:
        return "not there" if heard else "unknown", COLOURS["unknown"]
    told = [condition(it) for it in places]
    worst = min(told, key=lambda it: [*COLOURS].index(it.tone))
    versions = sorted({it.release.version if it.release else "nothing" for it in places})
    word = "" if worst.word == "healthy" else f" {worst.word}"
    return f"{names(versions)}{word}", COLOURS[worst.tone]
