"""Questions about many services in environments, which are asked in a few statements: each is a line of a JSON list."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from piccolo.query.base import Query as Built

from ..database.piccolo_conf import current
from ..database.query import Query, Row, query
from ..database.tables import Release
from .figures_rows import MOST, TooManyRows

PIECE = 100  # lines that are asked at a time


class AskedLines(NamedTuple):
    """A JSON list. Of each `service` and `environment`: `begins`, a position, and of which releases it is read: those
    numbered above `since`, until `until`; `last`: of those that were filed later, too. `version`: what began to run
    there."""

    lines: str


_ASKED = {
    "sqlite": "SELECT json_extract(value, '$.service') AS service, json_extract(value, '$.environment') AS environment,"
    " json_extract(value, '$.begins') AS begins, json_extract(value, '$.since') AS since,"
    " json_extract(value, '$.until') AS until, json_extract(value, '$.last') AS last,"
    " json_extract(value, '$.version') AS version FROM json_each({})",
    "postgres": "SELECT * FROM json_to_recordset({}::json)"
    " AS a (service text, environment text, begins text, since bigint, until bigint, last bigint, version text)",
}


def _build(sql: str, lines: Any) -> Built[Any, Any]:
    return Release.raw(sql, lines)


def of_lines(sql_of: Callable[[str], str], gives: type[Row]) -> dict[str, Query[AskedLines, Row]]:
    """By engine; `s` are the lines."""
    return {
        engine: query(
            partial(_build, f"SELECT x.* FROM (WITH s AS MATERIALIZED ({asked}) {sql_of(engine)}) x"),
            takes=AskedLines,
            gives=gives,
        )
        for engine, asked in _ASKED.items()
    }


async def in_pieces(read: Mapping[str, Query[AskedLines, Row]], lines: Iterable[dict[str, Any]]) -> list[Row]:
    """Raises TooManyRows."""
    asked, found = [*lines], list[Row]()
    for start in range(0, len(asked), PIECE):
        found += await read[current().engine_type](AskedLines(json.dumps(asked[start : start + PIECE])))
        if len(found) > MOST:
            raise TooManyRows
    return found
