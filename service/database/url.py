"""The forms of DATABASE_URL, checked without loading a driver."""

from typing import Literal, NamedTuple


class DatabaseUrl(NamedTuple):
    """`target` is what the driver opens: SQLite's file, or the whole URL."""

    kind: Literal["sqlite", "postgres"]
    target: str


def parse_url(url: str) -> DatabaseUrl:
    """Raises ValueError for any other form. The message does not repeat the URL, which may hold a password."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return DatabaseUrl("sqlite", rest[1:])
    if separator and scheme in ("postgresql", "postgres"):
        return DatabaseUrl("postgres", url)
    raise ValueError("it must be sqlite:///relative.db, sqlite:////absolute.db or postgresql://user:password@host/name")
