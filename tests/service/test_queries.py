"""Every query of the ledger runs on both databases and gives the columns that its row names."""

import importlib
import pkgutil
from datetime import UTC, datetime
from typing import Any, NamedTuple, get_args, get_type_hints

import pytest

import service.ledger
from service.database.piccolo_conf import current
from service.database.query import Query, query

from ..support.service.served import Served, document

JSON = {"part": "{}", "document": "{}"}  # what is in it is indexed
VALUES = {str: "x", int: 1, bool: True, bytes: b"x", datetime: datetime(2026, 1, 1, tzinfo=UTC)}


def queries() -> dict[str, Query[Any, Any]]:
    modules = [it.name for it in pkgutil.walk_packages(service.ledger.__path__, "service.ledger.")]
    return {
        f"{module} {name}": it
        for module in modules
        for name, it in vars(importlib.import_module(module)).items()
        if isinstance(it, Query)
    }


def some_key(it: Query[Any, Any]) -> Any:
    hints = get_type_hints(it.takes)
    types = {name: next(iter(get_args(hint)), hint) for name, hint in hints.items()}
    return it.takes(*(JSON.get(name, VALUES[kind]) for name, kind in types.items()))


async def columns(it: Query[Any, Any], transaction: Any) -> tuple[str, ...]:
    """Of its rows, as the database names them."""
    sql, values_of = it.statement(transaction.engine.engine_type)
    if transaction.engine.engine_type == "postgres":
        return tuple(column.name for column in (await transaction.connection.prepare(sql)).get_attributes())
    return tuple(column[0] for column in transaction.connection.raw.execute(sql, values_of(some_key(it))).description)


@pytest.mark.anyio
async def test_every_query_runs_and_gives_what_its_row_names(ledger: Served) -> None:
    await ledger.file(document())  # a proposal must be of some release
    found = queries()
    assert len(found) > 30
    for name, it in found.items():
        async with current().transaction() as transaction:
            rows = await it(some_key(it))
            if it.gives is None:
                assert rows == [], name
            else:
                assert await columns(it, transaction) == it.gives._fields, name


class Key(NamedTuple):
    service: str
    version: str


@pytest.mark.parametrize("build", [lambda service: 0, lambda version, service: 0, lambda service, versoin: 0])
def test_a_query_with_other_parameters_than_its_key_is_refused_at_import(build: Any) -> None:
    with pytest.raises(TypeError, match="Key"):
        query(build, takes=Key, gives=None)
