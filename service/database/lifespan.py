"""The database engine, from its start to its stop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .migrate import migrate
from .outages import DATABASE_ERRORS, WronglySetUp, is_outage
from .piccolo_conf import Engine, engine_for, use
from .postgres import STATEMENT_SECONDS
from .url import Pooler


@asynccontextmanager
async def opened(
    url: str, pooler: Pooler = "none", statement_seconds: float | None = STATEMENT_SECONDS
) -> AsyncIterator[Engine]:
    """The engine of `url`, started. SQLite is migrated as well: nothing else is there that would do it."""
    engine = use(engine_for(url, statement_seconds, pooler))
    await engine.start()
    try:
        if engine.engine_type == "sqlite":
            await migrate(engine)
        yield engine
    finally:
        await engine.stop()


async def look_at(url: str, pooler: Pooler) -> None:
    """Opens the database once. Raises its error where it cannot be used; a PostgreSQL that does not answer is no
    error, since /readyz waits for it."""
    async with opened(url, pooler) as engine:
        try:
            await engine.fetch("SELECT 1")
        except WronglySetUp:
            raise
        except DATABASE_ERRORS as error:
            if engine.engine_type == "sqlite" or not is_outage(error):
                raise
