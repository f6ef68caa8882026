"""Lists of objects, each of one kind in one namespace, kept as the API server has them."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic

import httpx
import msgspec

from .kubernetes import Kind, T, listed, watched
from .objects import Bookmark

PAUSE = 1  # seconds between two beginnings of a watch
CLOSED = (httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError)  # what can be continued
_bookmark = msgspec.json.Decoder(Bookmark).decode


class WatchFailed(Exception):
    """What has changed cannot be told, mostly since the API server knows no changes so old (410): read all anew."""


class Mirror(Generic[T]):
    """`objects` by name, as of the resourceVersion `version`."""

    def __init__(self, kind: Kind[T], namespace: str) -> None:
        self._kind, self._namespace = kind, namespace
        self.objects, self.version = dict[str, T](), ""

    async def read(self, api: httpx.AsyncClient) -> None:
        """Raises httpx.HTTPError, or msgspec.MsgspecError where an answer cannot be read; so does `follow`."""
        found, self.version = await listed(api, self._kind, self._namespace)
        self.objects = {it.metadata.name: it for it in found}

    async def follow(self, api: httpx.AsyncClient, changed: Callable[[], object]) -> None:
        """Until it is cancelled. A watch that was closed is continued where it ended. Raises WatchFailed."""
        while True:
            begun = time.monotonic()
            try:
                async for event in watched(api, self._kind, self._namespace, self.version):
                    if self._take(event.type, event.object):
                        changed()
            except CLOSED:
                pass
            await asyncio.sleep(max(0, begun + PAUSE - time.monotonic()))

    def _take(self, type: str, object: msgspec.Raw) -> bool:
        """Whether something is other than before."""
        if type == "ERROR":
            raise WatchFailed(f"{self._kind.url(self._namespace)}: {bytes(object).decode(errors='replace')[:300]}")
        if type == "BOOKMARK":
            self.version = _bookmark(object).metadata.resourceVersion
            return False
        it: T = self._kind.read(object)
        self.version = it.metadata.resourceVersion
        if type == "DELETED":
            self.objects.pop(it.metadata.name, None)
        else:
            self.objects[it.metadata.name] = it
        return True


class Mirrors:
    """What was read, by its path. `unreadable`: why a list could not be read; nothing is concluded from that."""

    def __init__(self, api: httpx.AsyncClient) -> None:
        self._api = api
        self.known = dict[str, Mirror[Any]]()
        self.unreadable = dict[str, str]()

    def of(self, kind: Kind[T], namespace: str) -> Mapping[str, T] | None:
        """By name; None: they were not read, or may not be."""
        found = self.known.get(kind.url(namespace))
        return found.objects if found else None

    async def read(self, kind: Kind[Any], namespace: str) -> None:
        """Unless it was read before. Raises httpx.HTTPError where nothing answers."""
        path = kind.url(namespace)
        if path in self.known or path in self.unreadable:
            return
        mirror = Mirror(kind, namespace)
        try:
            await mirror.read(self._api)
        except httpx.HTTPStatusError as error:
            self.unreadable[path] = f"{path} answered {error.response.status_code}"
        except msgspec.MsgspecError as error:
            self.unreadable[path] = f"{path}: {type(error).__name__}: {error}"
        else:
            self.known[path] = mirror
