"""Webhooks: Flux's notification-controller posts its events here, an observer its snapshots. Both sign the body."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from litestar import Request, post
from litestar.params import RawBody
from msgspec.json import Encoder

from ..auth.quotas import Quotas
from ..auth.webhook_key import check_signature
from ..domain.event import TOO_LATE, Cause
from ..errors import Unauthenticated, Unprocessable
from ..http.answer import JsonBytes
from ..http.limits import HOOK_BYTES
from ..http.telemetry import ARRIVALS, EVENTS, REFUSED_EVENTS, UNREAD
from ..ledger.events import take as events
from ..ledger.events import take_snapshot as snapshots
from ..ledger.events import unread
from ..ledger.events.statements import TooManyPlaces
from ..ledger.events.take import EventReceipt, Signed, Taken
from .parameters import EnvironmentName

encode = Encoder().encode


@post(
    "/hooks/flux/{environment:str}",
    public=True,
    request_max_body_size=HOOK_BYTES,
    gives=EventReceipt,
    refuses=[401, 404, 422, 429],
    operation_id="take_flux_event",
    tags=["events"],
)
async def take_flux_event(request: Request[Any, Any, Any], environment: EnvironmentName, body: RawBody) -> JsonBytes:
    """Keeps a signed event as it came, of whatever kind and reason. The same body again gets the first receipt
    again."""
    return await _taken("event", events.take, request, environment, body)


@post(
    "/hooks/flux/{environment:str}/snapshot",
    public=True,
    request_max_body_size=HOOK_BYTES,
    gives=EventReceipt,
    refuses=[401, 404, 422, 429],
    operation_id="take_snapshot",
    tags=["events"],
)
async def take_snapshot(request: Request[Any, Any, Any], environment: EnvironmentName, body: RawBody) -> JsonBytes:
    """Takes what `waybill-service observe` saw in a cluster, signed like an event: a revision whose events were lost
    becomes known, and what is gone from the cluster has ended. The same body again gets the first receipt again."""
    return await _taken("snapshot", snapshots.take, request, environment, body)


@post(
    "/hooks/flux/{environment:str}/check",
    public=True,
    status_code=204,
    refuses=[401, 404],
    operation_id="check_signature",
    tags=["events"],
)
async def check_key(request: Request[Any, Any, Any], environment: EnvironmentName, body: RawBody) -> None:
    """Whether a body is signed with a key of the environment. Nothing is kept."""
    _check(request, environment, body)


def _check(request: Request[Any, Any, Any], environment: str, body: bytes) -> None:
    try:
        check_signature(request.app.state.flux_keys, environment, body, request.headers.getall("x-signature", []))
    except Unauthenticated:
        REFUSED_EVENTS.inc()
        raise


async def _taken(
    kind: str,
    take: Callable[[Signed], Awaitable[Taken]],
    request: Request[Any, Any, Any],
    environment: str,
    body: bytes,
) -> JsonBytes:
    _check(request, environment, body)
    quotas: Quotas = request.app.state.quotas
    quotas.take(key := f"environment/{environment}", len(body))
    signed = Signed(environment, body, datetime.now(UTC), quotas.quota.places, request.app.state.settings.silent_after)
    try:
        taken = await take(signed)
    except TooManyPlaces:
        raise quotas.refusal(key, "places", f"has more than {quotas.quota.places} places") from None
    quotas.charge(key, taken.news.read_again)
    return await _answer(kind, signed, taken)


async def _answer(kind: str, signed: Signed, taken: Taken) -> JsonBytes:
    environment = taken.receipt.environment
    if taken.cause is not None:
        UNREAD.labels(environment, kind, str(taken.cause)).inc()
    if taken.receipt.id == 0 and taken.cause is not None:
        await unread.count(environment, taken.cause, signed.now)
        raise _refused(kind, signed, taken.cause)
    if taken.news.left_out:
        UNREAD.labels(environment, kind, TOO_LATE).inc(taken.news.left_out)
    EVENTS.labels(environment, kind, "taken" if taken.new else "repeated").inc()
    ARRIVALS.labels(environment).inc(len(taken.news.arrivals))
    return JsonBytes(encode(taken.receipt), 201 if taken.new else 200)


def _refused(kind: str, signed: Signed, cause: Cause) -> Unprocessable:
    """Flux shows the beginning of the answer, so the remedy comes first."""
    door = f"/hooks/flux/{signed.environment}"
    if kind == "snapshot" and b'"involvedObject"' in signed.body:
        return Unprocessable(f"Send events of Flux to {door}: this address takes an observer's snapshots.")
    if kind == "event" and b'"helmreleases"' in signed.body:
        return Unprocessable(f"Send an observer's snapshots to {door}/snapshot: this address takes events of Flux.")
    if kind == "snapshot":
        return Unprocessable(f"Let `waybill-service observe` post here: the body is {cause}.")
    return Unprocessable(f"Let a Provider of type generic-hmac post here: the body is {cause}.")
