"""What a text of some hex digits may be short for: a digest of an image or a chart, or a commit."""

from typing import Literal, NamedTuple

from piccolo.table import Table

from ..database.query import Query, query
from ..database.tables import Arrival, ArrivalImage, Release, ReleaseCommit, ReleaseImage

AFTER_HEX = "g"  # sorts after every hexadecimal digit
MOST = 5
Kind = Literal["image", "chart", "commit"]


class After(NamedTuple):
    """From `begins` on, but after `seen`, up to and without `ends`."""

    begins: str
    seen: str
    ends: str


class Name(NamedTuple):
    name: str


class Whole(NamedTuple):
    kind: Kind
    name: str


def _next(table: type[Table], column: str, more: str = "") -> Query[After, Name]:
    """The first value after `seen`: a step in the column's index, however many rows have that value. `more` is where
    the index is."""
    named = table._meta.tablename
    return query(
        lambda begins, seen, ends: table.raw(
            f"SELECT {column} AS name FROM {named} WHERE {column} >= {{}} AND {column} > {{}} AND {column} < {{}}{more}"
            f" ORDER BY {column} LIMIT 1",
            begins,
            seen,
            ends,
        ),
        takes=After,
        gives=Name,
    )


WHERE: tuple[tuple[Kind, Query[After, Name]], ...] = (
    ("image", _next(Release, "image_digest", " AND waybill IS NULL")),
    ("image", _next(ReleaseImage, "digest")),
    ("image", _next(ArrivalImage, "digest")),
    ("chart", _next(Release, "chart_digest")),
    ("chart", _next(Arrival, "chart_digest")),
    ("commit", _next(Release, "source_commit")),
    ("commit", _next(ReleaseCommit, '"commit"')),
)


async def wholes(digits: str) -> list[Whole]:
    """What begins with these digits, at most MOST of each place where it can stand, in the order of the names."""
    found = set[Whole]()
    for kind, after in WHERE:
        begins, seen = digits if kind == "commit" else f"sha256:{digits}", ""
        for _ in range(MOST):
            rows = await after(After(begins, seen, begins + AFTER_HEX))
            if not rows:
                break
            seen = rows[0].name
            found.add(Whole(kind, seen))
    return sorted(found, key=lambda it: (it.name, it.kind))
