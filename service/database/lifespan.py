"""A database in use, from the first query to the last."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .migrate import migrate
from .piccolo_conf import Engine, engine_for, use


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Engine]:
    """The engine of `url`, started. An embedded database belongs to whoever opens it, so it is migrated too."""
    engine = use(engine_for(url))
    await engine.start()
    try:
        if engine.engine_type == "sqlite":
            await migrate(engine)
        yield engine
    finally:
        await engine.stop()
