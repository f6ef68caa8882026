"""The wiring: every route, how an error is told, what lives as long as the ledger.

To add a route, write a handler in api/ or pages/ that is marked `public=True` or `scope="read"`, and name it in ROUTES.
"""

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

from .api import digests, environments, events, filed, health, releases, schema, services
from .auth.guards import guard
from .database.lifespan import opened
from .database.outages import SILENT
from .errors import MEDIA_TYPE, Problem, Refused
from .http.limits import BODY_BYTES, limited, unavailable
from .http.telemetry import observed
from .pages import assets, board, search
from .pages import environments as environment_pages
from .pages import releases as release_pages
from .settings import Settings

ROUTES: list[ControllerRouterHandler] = [
    filed.newest,
    filed.one,
    environments.every,
    environments.one,
    environments.history,
    services.one,
    digests.one,
    schema.openapi,
    schema.waybill_schema,
    health.healthz,
    health.readyz,
    health.metrics,
    board.board,
    environment_pages.environment,
    release_pages.release,
    search.search,
    assets.assets,
    releases.file_release,
    events.take_flux_event,
    events.take_snapshot,
]

log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    async with opened(app.state.settings.database_url):
        yield


def create_app(settings: Settings) -> Litestar:
    app = Litestar(
        ROUTES,
        guards=[guard],
        lifespan=[lifespan],
        state=State({"settings": settings, "leaving": False}),
        request_max_body_size=BODY_BYTES,
        logging_config=None,
        exception_handlers={
            Refused: refused,
            HTTPException: http_error,
            **dict.fromkeys(SILENT, silent),
            Exception: unforeseen,
        },
        openapi_config=None,
    )
    app.asgi_handler = observed(limited(app.asgi_handler))
    return app


def refused(_: Request[Any, Any, Any], error: Refused) -> Response[Problem]:
    return _answer(error.problem, error.headers)


def http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """What Litestar refuses by itself: no such address, no such method, parameters, too large a body."""
    status = HTTPStatus(error.status_code)
    errors = []
    detail = f"{status.description or status.phrase}."
    if isinstance(error, ValidationException):
        detail = "The request's parameters are not what this address takes."
        errors = [f"{it.get('key', '')}: {it['message']}" for it in error.extra or [] if isinstance(it, dict)]
    headers = dict(error.headers or {}) | ({"Connection": "close"} if status == 413 else {})
    return _answer(Problem(title=status.phrase, status=status, detail=detail, errors=errors), headers)


def silent(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    log.warning("the database does not answer: %s", type(error).__name__)
    it = unavailable()
    return _answer(it.problem, it.headers)


def unforeseen(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    log.error("unforeseen", exc_info=error)
    return _answer(
        Problem(
            title="Internal Server Error",
            status=500,
            detail="The ledger made a mistake; its log tells more under this request_id.",
        ),
        {},
    )


def _answer(problem: Problem, headers: dict[str, str]) -> Response[Problem]:
    return Response(problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)
