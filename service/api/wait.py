"""Waiting for a release to arrive."""

import asyncio
from typing import Any

from litestar import Request, get

from ..domain.outcome import Awaited
from ..errors import try_again
from ..http.limits import extend
from ..ledger.releases.wait import outcome
from .parameters import HeldSeconds, ServiceName, ToArrive, Version

WAITING = 64  # requests at one time
LOOK_SECONDS = 1.0  # what another replica was told is seen, too
SPARE_SECONDS = 2.0  # for the last look


@get(
    "/releases/{service:str}/{version:str}/wait",
    scope="read",
    operation_id="wait_for_release",
    tags=["releases"],
)
async def wait_for_release(
    request: Request[Any, Any, Any],
    service: ServiceName,
    version: Version,
    environment: ToArrive,
    seconds: HeldSeconds = 0,
) -> Awaited:
    """Whether the release has arrived in an environment. It is answered as soon as the outcome is not `waiting`, or
    after `seconds`. Of a version that was never filed it is what runs that counts."""
    state = request.app.state
    if state.waiting >= WAITING:
        raise try_again(f"{WAITING} clients are waiting already.")
    state.waiting += 1
    extend(request.scope, seconds + SPARE_SECONDS)
    try:
        ends = asyncio.get_running_loop().time() + seconds
        while True:
            found = await outcome(service, version, environment, state.settings.silent_after)
            left = ends - asyncio.get_running_loop().time()
            if found.outcome != "waiting" or left <= 0 or state.draining:
                return found
            await asyncio.sleep(min(left, LOOK_SECONDS))
    finally:
        state.waiting -= 1
