"""The database engine, from its start to its stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from .backup import is_of_a_ledger_file
from .migrate import is_migrated, migrate
from .outages import DATABASE_ERRORS, WronglySetUp, is_outage, raises_outage
from .patience import COMMAND, REQUEST, Patience
from .piccolo_conf import Engine, engine_for, use
from .url import Pooler, parse_url


@asynccontextmanager
async def opened(url: str, pooler: Pooler = "none", patience: Patience = REQUEST) -> AsyncIterator[Engine]:
    """The engine of `url`, started. SQLite is migrated as well: nothing else is there that would do it."""
    engine = use(engine_for(url, patience, pooler))
    await engine.start()
    try:
        if engine.engine_type == "sqlite":
            await migrate(engine)
        yield engine
    finally:
        await engine.stop()


class NeverUsed(Exception):
    """No ledger migrated the database. Nothing was changed, and no file made."""


@asynccontextmanager
async def reopened(url: str, pooler: Pooler, patience: Patience) -> AsyncIterator[Engine]:
    """As `opened`. Raises NeverUsed."""
    kind, target = parse_url(url)
    if kind == "sqlite" and not is_of_a_ledger_file(Path(target)):
        raise NeverUsed
    async with opened(url, pooler, patience) as engine:
        if kind == "postgres" and not await _is_used():
            raise NeverUsed
        yield engine


@raises_outage
async def _is_used() -> bool:
    async with asyncio.timeout(COMMAND.statement):
        return await is_migrated()


async def check(engine: Engine) -> None:
    """Raises the error of a database that cannot be used. A PostgreSQL that does not answer is no error, since /readyz
    waits for it."""
    try:
        await engine.fetch("SELECT 1")
    except WronglySetUp:
        raise
    except DATABASE_ERRORS as error:
        if engine.engine_type == "sqlite" or not is_outage(error):
            raise
