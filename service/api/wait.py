"""Waiting for a release to arrive."""

import asyncio
from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from msgspec.json import Encoder
from msgspec.structs import replace

from ..domain.outcome import Awaited
from ..errors import try_again
from ..http.conditional import digest
from ..http.limits import extend
from ..ledger.environments.state import environment_row
from ..ledger.releases.wait import is_proposed, outcome
from .parameters import HeldSeconds, SeenAnswer, ServiceName, ToArrive, Version
from .refusals import never_to_be_heard

WAITING = 64  # requests at one time
LOOK_SECONDS = 1.0  # what another replica was told is seen, too
SPARE_SECONDS = 2.0  # for the last look
encode = Encoder().encode


@get(
    "/releases/{service:str}/{version:str}/wait",
    scope="read",
    refuses=[404],
    operation_id="wait_for_release",
    tags=["releases"],
)
async def wait_for_release(
    request: Request[Any, Any, Any],
    service: ServiceName,
    version: Version,
    *,
    environment: ToArrive,
    seconds: HeldSeconds = 0,
    seen: SeenAnswer = None,
) -> Awaited:
    """Whether the release has arrived in an environment. It is answered as soon as the outcome is not `waiting`, or the
    answer is another than the one `seen`, or after `seconds`. Of a version that was never filed it is what runs that
    counts. Of an environment from which nothing can ever be heard it is 404."""
    state = request.app.state
    await _refuse_unknown(state, service, environment)
    if state.waiting >= WAITING:
        raise try_again(f"{WAITING} clients are waiting already.")
    state.waiting += 1
    extend(request.scope, seconds + SPARE_SECONDS)
    try:
        ends = asyncio.get_running_loop().time() + seconds
        while True:
            found = _marked(await outcome(service, version, environment, state.settings.silent_after))
            left = ends - asyncio.get_running_loop().time()
            if found.outcome != "waiting" or seen not in (None, found.mark) or left <= 0 or state.draining:
                return found
            await asyncio.sleep(min(left, LOOK_SECONDS))
    finally:
        state.waiting -= 1


def _marked(it: Awaited) -> Awaited:
    return replace(it, mark=digest(encode(it))[:16])


async def _refuse_unknown(state: State, service: str, environment: str) -> None:
    stages = state.settings.environments
    named = environment in state.flux_keys or any(environment in it.environments for it in stages)
    if not (named or await environment_row(environment) or await is_proposed(service, environment)):
        raise await never_to_be_heard(stages, environment)
