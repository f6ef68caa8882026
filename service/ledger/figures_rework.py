"""Which services had failed in an environment before what is read, and began to run nothing new there since."""

from typing import NamedTuple

from .figures_lines import in_pieces, of_lines
from .figures_rows import AGAIN, FAILED_BEFORE, FAILS, NEAR, RAN_BEFORE, ROLLBACK, ROLLED_BACK, Begun, Line


class IllLine(NamedTuple):
    environment: str
    service: str


_COUNTS = "NOT ({} OR {})".format(FAILED_BEFORE.format("f", "f.position"), ROLLED_BACK.format("f", "f.position"))
_NOTHING_NEW = (  # since it failed
    "NOT EXISTS (SELECT 1 FROM arrival a WHERE a.service = s.service AND a.environment = s.environment"
    f" AND a.position > f.position AND a.position < s.begins AND NOT {AGAIN.format('a')})"
)
_LAST = (
    "h.service = s.service AND h.environment = s.environment AND h.position < s.begins"
    f" ORDER BY h.position DESC LIMIT {NEAR}"
)
_FAILED = f"SELECT h.* FROM history h WHERE h.kind = 'failed' AND {_LAST}"
_ROLLED_BACK = (
    f"SELECT h.environment, h.service, h.position, h.version AS target, {RAN_BEFORE.format('h')} AS version"
    f" FROM history h WHERE {ROLLBACK.format('h')} AND {_LAST}"
)
_failed_before = of_lines(
    lambda _: (
        "SELECT s.environment, s.service FROM s WHERE"
        f" EXISTS (SELECT 1 FROM ({_FAILED}) f WHERE f.version <> s.version"
        f" AND {_NOTHING_NEW} AND {FAILS.format('f')} AND {_COUNTS})"
        f" OR EXISTS (SELECT 1 FROM ({_ROLLED_BACK}) f WHERE f.version <> s.version AND f.version <> f.target"
        f" AND {_NOTHING_NEW} AND {_COUNTS})"
    ),
    IllLine,
)


async def failed_before(begun: Begun, begins: str) -> set[Line]:
    """Where the last that happened before `begins`, a position, is a failure of another version than the first one that
    began since. Raises TooManyRows."""
    lines = (
        {"service": service, "environment": environment, "version": several[0].version, "begins": begins}
        for (environment, service), several in begun.items()
    )
    return {it[:2] for it in await in_pieces(_failed_before, lines)}
