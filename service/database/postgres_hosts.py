"""The hosts that a URL of PostgreSQL names, and which of them to connect to.

asyncpg has one deadline for all of them, so that a silent one would leave no time for the others.
"""

from typing import Any

import asyncpg  # type: ignore[import-untyped]

from .outages import DATABASE_ERRORS
from .patience import REQUEST
from .url import hosts_of

TRY_NEXT: tuple[type[Exception], ...] = (OSError, *DATABASE_ERRORS)


class PostgresHosts:
    """`seconds`: until a connection is there, of all hosts together."""

    def __init__(self, url: str, seconds: float) -> None:
        self._hosts: list[dict[str, Any]] = [{"host": host, "port": port} for host, port in hosts_of(url)] or [{}]
        # A short time at first: so a host that is silent costs a command little where another answers.
        self._rounds = [it for it in (min(seconds, REQUEST.connect), seconds - REQUEST.connect) if it > 0]

    @property
    def are_several(self) -> bool:
        return len(self._hosts) > 1

    async def connect(self, *args: Any, **options: Any) -> Any:
        """To the first one that answers in time and, of several, may write. Raises the error of the last."""
        error, silent = Exception(), [*self._hosts]
        for seconds in self._rounds:
            hosts, silent = silent, []
            for host in hosts:
                share = {"timeout": seconds / len(hosts)}
                try:
                    connection = await asyncpg.connect(*args, **(options | host | share))
                except TRY_NEXT as it:
                    error = it
                    if isinstance(it, TimeoutError):
                        silent.append(host)
                else:
                    self._hosts.sort(key=lambda it: it is not host)  # it is the first from now on
                    return connection
        raise error
