"""The database engine, from its start to its stop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from .backup import is_of_a_ledger_file
from .migrate import is_migrated, migrate
from .outages import DATABASE_ERRORS, WronglySetUp, is_outage
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


async def is_of_a_ledger(url: str, pooler: Pooler) -> bool:
    """Whether a ledger migrated it once. Changes nothing, and makes no file."""
    kind, target = parse_url(url)
    if kind == "sqlite":
        return is_of_a_ledger_file(Path(target))
    engine = use(engine_for(url, COMMAND, pooler))
    await engine.start()
    try:
        return await is_migrated()
    finally:
        await engine.stop()


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
