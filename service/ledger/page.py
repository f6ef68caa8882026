"""A page of a list, newest first, and the cursor that continues it: a place in the order, so that what is added
meanwhile neither repeats nor hides an item."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")
R = TypeVar("R")


class Page(Struct, Generic[T], frozen=True):
    """`next` continues the list as `cursor`; null: this is its end."""

    items: list[T]
    next: str | None


def page(rows: Sequence[R], limit: int, item: Callable[[R], T], cursor: Callable[[R], str]) -> Page[T]:
    """From `limit` + 1 rows, if there are so many."""
    return Page([item(row) for row in rows[:limit]], cursor(rows[limit - 1]) if len(rows) > limit else None)
