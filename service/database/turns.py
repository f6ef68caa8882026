"""What is asked for in turns of the event loop that follow each other is asked for together.

Clients that were answered at one time ask again at nearly one time, a few in each turn. To wait for them costs one that
is alone a turn in which nothing else happens, some 2 microseconds.
"""

import asyncio
from collections.abc import Sized

MOST = 64  # that wait: so something is sent under any load, and a transaction stays short
SECONDS = 0.002  # since a turn may be long


async def until_none_joins(waiting: Sized) -> None:
    """Returns when a turn adds nothing to `waiting`, or it has MOST, or after SECONDS."""
    before, loop = 0, asyncio.get_running_loop()
    until = loop.time() + SECONDS
    while before < len(waiting) < MOST and loop.time() < until:
        before = len(waiting)
        await asyncio.sleep(0)
