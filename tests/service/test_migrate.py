import pytest

from service.database.migrate import migrate, pending
from service.database.piccolo_conf import Engine
from service.database.tables import TABLES

pytestmark = pytest.mark.anyio


async def test_migrations_build_exactly_the_columns_of_the_tables(database: Engine) -> None:
    for table in TABLES:
        assert await table.select() == []
    assert await pending() == []
    assert await migrate(database) == []
