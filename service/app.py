"""The application: every route, how an error becomes an answer, and what lives as long as the ledger.

To add a route, write a handler in api/ or pages/, mark it `public=True` or `scope="read"`, and name it in ROUTES.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from .api.abbreviations import list_whole_names
from .api.commits import get_commit
from .api.digests import get_digest
from .api.environments import compare_environments, get_environment, list_arrivals, list_environments
from .api.events import check_key, take_flux_event, take_snapshot
from .api.figures import get_figures, list_counted
from .api.health import healthz, metrics, readyz
from .api.history import feed_history, list_history
from .api.parameters import in_words, missing_in
from .api.proposals import list_proposals
from .api.releases import file_release, get_release, list_releases
from .api.schema import get_openapi, get_waybill_schema
from .api.services import get_service, list_services
from .api.stages import list_stages
from .api.tokens import get_caller
from .api.wait import wait_for_release
from .auth.guards import guard
from .auth.quotas import Quotas
from .auth.tokens import DeclaredTokens
from .auth.webhook_key import FluxKeys
from .database.outages import DATABASE_ERRORS, WronglySetUp, is_outage, told
from .database.piccolo_conf import current
from .domain.place import NewerRules, OlderRules
from .errors import MEDIA_TYPE, Problem, Refused, try_again
from .http.answer import JsonBytes
from .http.kept import KEPT, with_kept
from .http.limits import BODY_BYTES, with_deadline, without_retry
from .http.log_lines import LogLines
from .http.methods import with_head, with_methods
from .http.parameters import WRONG_FORM, mark_names, refuse_names
from .http.root_path import below
from .http.telemetry import with_telemetry
from .ledger.events.rebuild import rebuild_stale
from .ledger.progress import now_and_then
from .ledger.releases.upgrade import upgrade
from .pages.assets import show_asset
from .pages.badge import show_badge
from .pages.board import show_board
from .pages.compare import show_comparison
from .pages.environments import show_environment
from .pages.figures import show_counted, show_figures
from .pages.history import show_history
from .pages.html import link_below
from .pages.not_found import show_nothing
from .pages.releases import show_release
from .pages.said import show_said
from .pages.search import show_search
from .pages.services import show_service
from .settings import Settings

ROUTES: list[ControllerRouterHandler] = [
    list_releases,
    get_release,
    file_release,
    wait_for_release,
    list_environments,
    get_environment,
    list_arrivals,
    get_service,
    get_digest,
    list_history,
    feed_history,
    get_figures,
    list_counted,
    list_services,
    get_commit,
    list_whole_names,
    list_proposals,
    list_stages,
    compare_environments,
    take_flux_event,
    take_snapshot,
    check_key,
    get_caller,
    get_openapi,
    get_waybill_schema,
    healthz,
    readyz,
    metrics,
    show_board,
    show_environment,
    show_said,
    show_release,
    show_service,
    show_comparison,
    show_history,
    show_figures,
    show_counted,
    show_search,
    show_nothing,
    show_badge,
    show_asset,
]

OTHER_RULES: dict[type[Exception], str] = {
    NewerRules: "A newer version of this ledger made what was asked for; this one is about to be replaced.",
    OlderRules: "What runs is derived anew after an upgrade: see `waybill-service rebuild`.",
}
UPGRADE_SECONDS = 60.0  # until an upgrade that failed is tried again
log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """While it lasts the database is open."""
    await _derive_anew()
    # With PostgreSQL, `waybill-service migrate` has done it.
    upgrading = asyncio.create_task(_upgrade()) if current().engine_type == "sqlite" else None
    yield
    if upgrading:
        upgrading.cancel()
        await asyncio.wait([upgrading])


async def _upgrade() -> None:
    """Tries again when the database could not be used: what is not upgraded is only slower to read."""
    while True:
        try:
            return await upgrade()
        except Exception as error:
            if not is_outage(error):
                log.error("what was filed before this version cannot be upgraded", exc_info=error)
                return None
        await asyncio.sleep(UPGRADE_SECONDS)


async def _derive_anew() -> None:
    """What older rules derived. Where the database cannot be used yet, /readyz says so."""
    try:
        await rebuild_stale(now_and_then(log.info))
    except DATABASE_ERRORS as error:
        if not is_outage(error):
            raise


def create_app(settings: Settings, lines: LogLines | None = None) -> Litestar:
    """`lines`: to which requests are logged, if they are."""
    app = Litestar(
        ROUTES,
        before_request=begin,
        lifespan=[lifespan],
        state=State(
            {
                "settings": settings,
                "flux_keys": FluxKeys(settings.flux_keys),
                "tokens": DeclaredTokens(settings.tokens),
                "quotas": Quotas(settings.event_quota),
                "draining": False,
                "waiting": 0,
            }
        ),
        request_max_body_size=BODY_BYTES,
        logging_config=None,
        exception_handlers={
            Refused: refused,
            HTTPException: http_error,
            **dict.fromkeys(OTHER_RULES, other_rules),
            **dict.fromkeys(DATABASE_ERRORS, database_error),
            Exception: unexpected,
        },
        openapi_config=None,
    )
    mark_names(app)
    handling = with_deadline(with_kept(app.asgi_handler, app.state))
    app.asgi_handler = below(settings.root_path, with_telemetry(with_methods(handling), lines))
    link_below(settings.root_path)
    return app


async def begin(request: Request[Any, Any, Any]) -> JsonBytes | None:
    """The guard, the names of parameters, and then an answer, if one is kept."""
    await guard(request)
    refuse_names(request.scope["query_string"], request.route_handler.opt)
    return await KEPT.find(request.scope) if "kept" in request.route_handler.opt else None


def refused(request: Request[Any, Any, Any], error: Refused) -> Response[Problem]:
    return _answer(error.problem, without_retry(error.headers, request.scope["path"]))


def http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """What Litestar itself refuses: an unknown path, a wrong method, wrong parameters, too large a body."""
    status = HTTPStatus(error.status_code)
    errors = []
    detail = f"{status.description or status.phrase}."
    if isinstance(error, ValidationException):
        detail = WRONG_FORM
        errors = [f"{it.get('key', '')}: {in_words(it['message'])}" for it in error.extra or [] if isinstance(it, dict)]
        errors = errors or missing_in(error.detail)
    headers = dict(error.headers or {}) | ({"Connection": "close"} if status == 413 else {})
    if allow := headers.pop("allow", None):
        headers["Allow"] = with_head(allow)
    return _answer(Problem(title=status.phrase, status=status, detail=detail, errors=errors), headers)


def database_error(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    if not is_outage(error):
        return unexpected(request, error)
    cause = str(error) if isinstance(error, WronglySetUp) else type(error).__name__
    log.warning("the database cannot be used: %s", cause)
    return refused(request, try_again(told(error)))


def other_rules(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    return refused(request, try_again(OTHER_RULES[type(error)]))


def unexpected(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    log.error("unexpected error", exc_info=error)
    return _answer(
        Problem(
            title="Internal Server Error",
            status=500,
            detail="This is an error of the ledger, not of the request. Its log has the cause under this request_id.",
        ),
        {},
    )


def _answer(problem: Problem, headers: dict[str, str]) -> Response[Problem]:
    return Response(problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)
