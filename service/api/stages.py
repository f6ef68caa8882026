"""Stages: the order of the environments, and which of them form a group."""

from litestar import get
from litestar.datastructures import State
from msgspec import Struct

from ..domain.stages import Stage


class Stages(Struct, frozen=True):
    items: list[Stage]


@get("/stages", scope="read", operation_id="list_stages", tags=["environments"])
async def list_stages(state: State) -> Stages:
    """As the setting ENVIRONMENTS has them, whether they have reported or not; none where it is not set."""
    return Stages(list(state.settings.environments))
