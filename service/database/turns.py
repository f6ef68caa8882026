"""What is asked for in turns of the event loop that follow each other is asked for together.

Clients that were answered at one time ask again at nearly one time, a few in each turn. To wait for them costs a single
one a turn in which nothing else happens, some 10 microseconds.
"""

import asyncio
from collections.abc import Sized

MOST = 64  # that wait: so something is sent under any load, and a transaction stays short


async def until_none_joins(waiting: Sized) -> None:
    """Returns when a turn adds nothing to `waiting`, or it has MOST."""
    before = 0
    while before < len(waiting) < MOST:
        before = len(waiting)
        await asyncio.sleep(0)
