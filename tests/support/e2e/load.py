"""A constant load on a ledger: one reader and one writer, who keep every request that failed."""

import errno
import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.support.service.served import document

# No connection was made: kube-proxy has no pod for the Service, or still one whose network is gone already.
UNREACHABLE = {"ECONNREFUSED", "EHOSTUNREACH"}
WRITE_EVERY = 0.06  # seconds: within the quota of a token


class Lost(NamedTuple):
    """A failed request. `how` is a status, the name of a system error, or that of an exception of http.client."""

    at: float
    how: str
    said: str


@dataclass
class Load:
    """Reads `path` of `host:port` and files releases there until the block ends.

    Every request without an answer, or with another status than expected, is kept in `lost`.
    """

    host: str
    port: int
    token: str
    path: str
    done: int = 0
    written: list[str] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.threads = [threading.Thread(target=self._repeat, args=[each]) for each in (self._read, self._write)]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    @property
    def gap(self) -> float:
        """Seconds from the first failed request to the last."""
        return self.lost[-1].at - self.lost[0].at if self.lost else 0.0

    @property
    def ways(self) -> Counter[str]:
        return Counter(it.how for it in self.lost)

    def _repeat(self, call: Callable[[int], None]) -> None:
        number = 0
        while not self.stopped.is_set():
            number += 1
            try:
                call(number)
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(Lost(time.monotonic(), _how(error), f"{call.__name__}: {error!r}"))
            self.done += 1

    def _read(self, _: int) -> None:
        self._call("GET", self.path, 200)

    def _write(self, number: int) -> None:
        self.stopped.wait(WRITE_EVERY)
        version = f"1.0.{number}"
        self._call("POST", "/releases", 201, json.dumps(document("load", version)))
        self.written.append(version)

    def _call(self, method: str, path: str, expected: int, body: str | None = None) -> None:
        """On a new connection each time, like many different clients."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != expected:
            raise http.client.HTTPException(answer.status, text[:200])


def _how(error: OSError | http.client.HTTPException) -> str:
    if type(error) is http.client.HTTPException:
        return str(error.args[0])
    number = getattr(error, "errno", None)
    return errno.errorcode[number] if number else type(error).__name__
