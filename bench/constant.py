"""The yardstick: handlers that answer a constant, and the same below one more of the ledger's own layers each time."""

import gc
import os
from enum import IntEnum
from typing import Any

from litestar import Litestar, Response, get, post
from litestar.datastructures import State
from litestar.params import RawBody

from service.auth.guards import guard
from service.http.answer import JsonBytes
from service.http.limits import BODY_BYTES, with_deadline
from service.http.log_lines import log_as_json
from service.http.telemetry import with_telemetry
from service.settings import Settings

BODY = b'{"id":1,"service":"orders","version":"1.4.2","recorded_at":"2026-01-02T03:04:05Z"}'


class Layer(IntEnum):
    """Each has those before it below it; CONNECTION is the protocol that the web server is started with."""

    FUNCTION = 0
    HANDLER = 1
    ANSWER = 2
    GUARD = 3
    CONNECTION = 4
    LIMITS = 5
    TELEMETRY = 6


TITLES = {
    Layer.FUNCTION: "a bare ASGI function on uvicorn",
    Layer.HANDLER: "a plain Litestar handler",
    Layer.ANSWER: "... with a ready ASGI answer",
    Layer.GUARD: "... and the guard",
    Layer.CONNECTION: "... and bounded connections",
    Layer.LIMITS: "... and limits",
    Layer.TELEMETRY: "... and telemetry",
}


@get("/read", scope="read")
async def plain() -> Response[bytes]:
    return Response(BODY, media_type="application/json")


@get("/read", scope="read")
async def ready() -> JsonBytes:
    return JsonBytes(BODY)


@post("/write", scope="releases:write")
async def write(body: RawBody) -> Response[bytes]:
    return Response(BODY, media_type="application/json", status_code=201)


@post("/hook", public=True)
async def hook(body: RawBody) -> Response[bytes]:
    return Response(BODY, media_type="application/json", status_code=201)


async def function(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def create_app() -> Any:
    """Up to the layer whose number is in the variable LAYER."""
    layer = Layer(int(os.environ["LAYER"]))
    if layer == Layer.FUNCTION:
        return function
    lines = log_as_json("info")
    app: Any = Litestar(
        [ready if layer >= Layer.ANSWER else plain, write, hook],
        before_request=guard if layer >= Layer.GUARD else None,
        state=State({"settings": Settings.from_environment({})}),
        request_max_body_size=BODY_BYTES,
        logging_config=None,
        openapi_config=None,
    )
    if layer >= Layer.LIMITS:
        app.asgi_handler = with_deadline(app.asgi_handler)
    if layer >= Layer.TELEMETRY:
        app.asgi_handler = with_telemetry(app.asgi_handler, lines)
    gc.freeze()
    gc.collect()
    return app
