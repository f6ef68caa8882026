"""The door for Flux: notification-controller posts its events here, signed (provider generic-hmac)."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, post
from litestar.params import RawBody
from msgspec.json import Encoder

from ..domain.signature import FluxKeys, is_signed
from ..errors import NotFound, Unauthenticated
from ..http.answer import ReadyJson
from ..http.telemetry import ARRIVALS, EVENTS, REFUSED
from ..ledger.events import take as events
from ..ledger.events import take_snapshot as snapshots
from ..ledger.events.take import EventReceipt, Signed, Taken
from .parameters import EnvironmentName

encode = Encoder().encode


@post(
    "/hooks/flux/{environment:str}",
    public=True,
    gives=EventReceipt,
    refuses=[401, 404],
    operation_id="take_flux_event",
    tags=["events"],
)
async def take_flux_event(request: Request[Any, Any, Any], environment: EnvironmentName, body: RawBody) -> ReadyJson:
    """Keeps a signed body as it came; the same body again is answered with its first receipt."""
    return _answer("event", await events.take(_signed(request, environment, body)))


@post(
    "/hooks/flux/{environment:str}/snapshot",
    public=True,
    gives=EventReceipt,
    refuses=[401, 404],
    operation_id="take_snapshot",
    tags=["events"],
)
async def take_snapshot(request: Request[Any, Any, Any], environment: EnvironmentName, body: RawBody) -> ReadyJson:
    """Takes what `waybill-service observe` saw in a cluster, signed like an event: what was lost on the way is found
    again, and a place that is gone has ended. The same body again is answered with its first receipt."""
    return _answer("snapshot", await snapshots.take(_signed(request, environment, body)))


def _signed(request: Request[Any, Any, Any], environment: str, body: bytes) -> Signed:
    keys: FluxKeys = request.app.state.settings.flux_keys
    if not keys:
        raise NotFound("This ledger has no FLUX_KEYS, so it takes no events.")
    if not is_signed(keys.of(environment), body, [it.encode() for it in request.headers.getall("x-signature", [])]):
        REFUSED.inc()
        raise Unauthenticated(
            f"X-Signature is not the HMAC of this body with a key of {environment}.",
            "The Provider's Secret and FLUX_KEYS must hold the same key for the environment of the address.",
        )
    return Signed(environment, body, datetime.now(UTC))


def _answer(kind: str, taken: Taken) -> ReadyJson:
    environment = taken.receipt.environment
    EVENTS.labels(environment, kind, "taken" if taken.new else "repeated").inc()
    ARRIVALS.labels(environment).inc(taken.arrived)
    return ReadyJson(encode(taken.receipt), 201 if taken.new else 200)
