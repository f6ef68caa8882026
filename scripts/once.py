"""Results that are worked out once, in the life of a command."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """By a key that says all that a result depends on. The first thread that asks works it out, and the others wait. A
    failure is not kept."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._results: dict[object, Future[T]] = {}

    def __call__(self, key: object, make: Callable[[], T]) -> T:
        with self._lock:
            first = key not in self._results
            result = self._results.setdefault(key, Future())
        if first:
            try:
                result.set_result(make())
            except BaseException as error:
                del self._results[key]
                result.set_exception(error)
        return result.result()
