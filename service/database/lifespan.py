"""The database engine, from its start to its stop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .migrate import migrate
from .piccolo_conf import Engine, engine_for, use


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Engine]:
    """The engine of `url`, started. SQLite is migrated as well: nothing else is there that would do it."""
    engine = use(engine_for(url))
    await engine.start()
    try:
        if engine.engine_type == "sqlite":
            await migrate(engine)
        yield engine
    finally:
        await engine.stop()
