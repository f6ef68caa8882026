"""Refusals of names that the ledger does not know. Of a group it tells what is in it, else what is near."""

from collections.abc import Sequence
from difflib import get_close_matches

from ..domain.stages import Stage, members
from ..errors import NotFound
from ..ledger.environments.names import environment_names
from ..ledger.events.unread import unread_of

NEAR = 3  # names


async def no_environment(stages: Sequence[Stage], name: str) -> NotFound:
    """Also says what came of it, and could not be read."""
    unread = "; ".join(f"{it.bodies} that were {it.cause}" for it in await unread_of(name))
    return await _refusal(
        stages, name, f"No event of {name} was ever received{f', but bodies: {unread}' if unread else ''}."
    )


def no_service(name: str) -> NotFound:
    return NotFound(
        f"No release of {name} was filed, and none has arrived or failed to.", "GET /services lists the services."
    )


async def never_to_be_heard(stages: Sequence[Stage], name: str) -> NotFound:
    return await _refusal(
        stages,
        name,
        f"The ledger knows no environment {name}: it never reported, and neither FLUX_KEYS nor ENVIRONMENTS names it.",
    )


async def _refusal(stages: Sequence[Stage], name: str, unknown: str) -> NotFound:
    if group := members(stages, name):
        return NotFound(f"{name} is a group, of {' and '.join(group)}.", "Ask for each of its environments.")
    return NotFound(unknown, await _near(stages, name))


async def _near(stages: Sequence[Stage], name: str) -> str:
    known = dict.fromkeys([*await environment_names(), *(it for stage in stages for it in stage.environments)])
    near = get_close_matches(name, known, NEAR)
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    return f"{meant}GET /environments, or `waybill status`, shows the environments that have reported."
