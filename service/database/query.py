"""Queries that name what they take and what they give, and that Piccolo builds once.

    class Version(NamedTuple):
        service: str
        version: str

    class Id(NamedTuple):
        id: int

    id_of = query(
        lambda service, version: Release.select(Release.id).where(...),
        takes=Version,
        gives=Id,
    )
    insert = query(lambda **columns: Release.insert(Release(**columns)), takes=NewRelease, gives=None)

    rows = await id_of(Version("orders", "1.4.2"))  # list[Id]
    rows = await id_of.each([Version("orders", "1.4.2"), Version("orders", "1.4.3")])

Building a query costs about 45 microseconds each time, ten times what SQLite needs to run it. Here it is built at its
first call, with a marker in the place of each parameter, and from then on only values are bound to the same SQL.
Measured on SQLite, one worker: get one release 5,200 -> 12,200 requests a second.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Generic, NamedTuple, Never, TypeVar, overload

from piccolo.query.base import Query as Built

from . import piccolo_conf

Build = Callable[..., Built[Any, Any]]
Key = TypeVar("Key", bound=tuple[Any, ...])
Row = TypeVar("Row", bound=tuple[Any, ...])


class Marker:
    """Stands for the parameter at `position` while Piccolo builds the query."""

    def __init__(self, position: int) -> None:
        self.position = position


class Statement(NamedTuple):
    """`values_of` gives what is bound to `sql` for a key."""

    sql: str
    values_of: Callable[[Sequence[Any]], Sequence[Any]]


class Query(Generic[Key, Row]):
    """One statement. `takes` and `gives` are NamedTuples; `gives` None: it gives no rows. `many`: of how many rows,
    nobody knows."""

    def __init__(self, build: Build, takes: type[Key], gives: type[Row] | None, *, many: bool = False) -> None:
        parameters, self._fields = inspect.signature(build).parameters, fields_of(takes)
        takes_all = any(it.kind is it.VAR_KEYWORD for it in parameters.values())
        if tuple(parameters) != self._fields and not takes_all:
            raise TypeError(f"the query's parameters are {tuple(parameters)}, {takes.__name__}'s {self._fields}")
        self.build, self.takes, self.gives, self._many = build, takes, gives, many
        # As `gives._make`, at a third of its cost.
        self._row: Callable[[Sequence[Any]], Any] | None = partial(tuple.__new__, gives) if gives else None
        self._statements: dict[str, Statement] = {}

    async def __call__(self, key: Key) -> list[Row]:
        """Outside of a transaction it must only read."""
        engine = piccolo_conf.current()
        sql, values_of = self.statement(engine.engine_type)
        return self._rows(await engine.fetch(sql, values_of(key), many=self._many))

    async def each(self, keys: Sequence[Key]) -> list[Row]:
        """Runs it for each key, in a transaction, and gives all rows: with PostgreSQL in one round trip."""
        if not keys:
            return []
        engine = piccolo_conf.current()
        sql, values_of = self.statement(engine.engine_type)
        rows = await engine.fetch_each(sql, map(values_of, keys), gives=self.gives is not None)
        return self._rows(rows)

    def _rows(self, rows: Sequence[Any]) -> list[Row]:
        return list(map(self._row, rows)) if self._row else []

    def statement(self, engine_type: str) -> "Statement":
        """Its SQL for `sqlite` or `postgres`."""
        if engine_type not in self._statements:
            markers = {name: Marker(position) for position, name in enumerate(self._fields)}
            [text] = self.build(**markers).querystrings
            sql, bound = text.compile_string(engine_type)
            if self.gives is None:
                sql = sql.removesuffix(' RETURNING "id"')  # which Piccolo lets every INSERT give
            self._statements[engine_type] = Statement(sql, _binding(bound))
        return self._statements[engine_type]


@overload
def query(build: Build, *, takes: type[Key], gives: type[Row], many: bool = False) -> Query[Key, Row]: ...
@overload
def query(build: Build, *, takes: type[Key], gives: None, many: bool = False) -> Query[Key, Never]: ...
def query(build: Build, *, takes: type[Key], gives: type[Row] | None, many: bool = False) -> Query[Key, Any]:
    """`build` has the fields of `takes` as parameters, or `**columns`. Raises TypeError where it has others."""
    return Query(build, takes, gives, many=many)


def fields_of(named: type[tuple[Any, ...]]) -> tuple[str, ...]:
    """The names of a NamedTuple's fields."""
    fields: tuple[str, ...] = named._fields  # type: ignore[attr-defined] # no type says "any NamedTuple"
    return fields


def _binding(bound: Sequence[Any]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """From a key to what is bound: its values in the places of their markers, and constants."""
    if len(bound) > 1 and all(isinstance(it, Marker) for it in bound):
        return itemgetter(*(it.position for it in bound))  # without a loop in Python
    return lambda key: [key[it.position] if isinstance(it, Marker) else it for it in bound]
