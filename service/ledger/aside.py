"""Long work on what was read, beside the event loop: others are answered meanwhile."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
FEW = 500  # items: they take some milliseconds
_THREAD = ThreadPoolExecutor(1, "aside")  # more would take the interpreter from the loop's thread


async def aside(items: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`work` is pure; `items`: how many it goes through."""
    if items <= FEW:
        return work(*args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_THREAD, lambda: work(*args, **kwargs))
