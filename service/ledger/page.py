"""A page of a list, and the cursor of the next one: a position in the list's order, so that items that are added
meanwhile neither repeat an item nor hide one."""

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
    """`rows` has one more than `limit` where there is a next page."""
    return Page([item(row) for row in rows[:limit]], cursor(rows[limit - 1]) if len(rows) > limit else None)
