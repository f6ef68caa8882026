"""The yardstick: handlers that answer a constant, behind the ledger's own guards, limits, log lines and counts, served
as `waybill-service serve` does it.
"""

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Response, get, post
from litestar.datastructures import State
from litestar.params import RawBody

from service.auth.guards import guard
from service.database.lifespan import opened
from service.http.limits import BODY_BYTES, with_deadline
from service.http.telemetry import log_as_json, with_telemetry
from service.settings import Settings

BODY = b'{"id":1,"service":"orders","version":"1.4.2","recorded_at":"2026-01-02T03:04:05Z"}'


@get("/read", scope="read")
async def read() -> Response[bytes]:
    return Response(BODY, media_type="application/json")


@post("/write", scope="releases:write")
async def write(body: RawBody) -> Response[bytes]:
    return Response(BODY, media_type="application/json", status_code=201)


@post("/hook", public=True)
async def hook(body: RawBody) -> Response[bytes]:
    return Response(BODY, media_type="application/json", status_code=201)


def create_app() -> Litestar:
    log_as_json("info")
    settings = Settings.from_environment(os.environ)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with opened(settings.database_url):
            yield

    app: Any = Litestar(
        [read, write, hook],
        guards=[guard],
        lifespan=[lifespan],
        state=State({"settings": settings}),
        request_max_body_size=BODY_BYTES,
        logging_config=None,
        openapi_config=None,
    )
    app.asgi_handler = with_telemetry(with_deadline(app.asgi_handler))
    gc.collect()
    gc.freeze()
    return app  # type: ignore[no-any-return]
