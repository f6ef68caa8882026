"""The requests that are measured: what a client asks in an incident, and what must be written durably."""

import itertools
import json
import random
from collections.abc import Callable, Iterable, Iterator

from . import data
from .load import Request

AT_MOST = 24_000  # writes a second that anything here could take
Make = Callable[[int, int], Iterable[Request]]  # (releases, how many) -> requests

_fresh = itertools.count(1)


def get_one(releases: int, count: int) -> Iterator[Request]:
    for number in random.Random(1).sample(range(releases), min(2000, releases)):  # noqa: S311
        yield Request(f"/releases/{data.service(number)}/{data.version(number)}")


def current_state(releases: int, count: int) -> Iterator[Request]:
    for environment in data.ENVIRONMENTS:
        yield Request(f"/environments/{environment}")


def newest(releases: int, count: int) -> Iterator[Request]:
    yield Request("/releases?limit=50")


def create(releases: int, count: int) -> Iterator[Request]:
    run = next(_fresh)
    for number in range(count):
        document = data.waybill(data.service(number), f"{1000 + run}.{number}.0")
        yield Request("/releases", json.dumps(document, separators=(",", ":")).encode())


def event(releases: int, count: int) -> Iterator[Request]:
    start = releases + next(_fresh) * 1_000_000
    for number in range(start, start + count):
        environment, body = data.event(number)
        yield Request(f"/hooks/flux/{environment}", body, data.signature(environment, body))


CASES: dict[str, Make] = {
    "get one": get_one,
    "current state": current_state,
    "newest 50": newest,
    "create": create,
    "event": event,
}


def constant(case: str, made: Iterable[Request]) -> Iterator[Request]:
    """The same requests to the handlers that answer a constant."""
    path = {"create": "/write", "event": "/hook"}.get(case, "/read")
    return (Request(path, it.body, it.signature) for it in made)
