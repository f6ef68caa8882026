"""Reads the HelmReleases of a cluster and posts to the ledger what is there: so it also learns what was in events that
were lost, and what no event tells.

Several may run at once, and none has to lead: a snapshot says what is so, and the same told twice changes nothing.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from .cluster import look
from .kubernetes import SECONDS, Kubernetes
from .mirror import Mirrors, WatchFailed
from .probes import Health, probes
from .report import LedgerReport
from .settings import ObserverSettings

ROUND = 300  # seconds after which all is read anew
GATHER = 1  # seconds for which changes are gathered: no two posts are of one second
IDLE = 9  # times as long as it computed it then waits: in a large cluster something always changes
LONGEST = 30  # seconds until it tries again
UNREAD = 10  # seconds after which a round ends in which something could not be read, the first time
Say = Callable[[str], None]


async def observe(settings: ObserverSettings, kubernetes: Kubernetes) -> list[str]:
    """Posts what is there, once; returns a sentence for each thing that was not read or posted."""
    taken_at = datetime.now(UTC)
    try:
        async with kubernetes.connected() as api, httpx.AsyncClient(timeout=SECONDS) as ledger:
            cluster = settings.cluster or kubernetes.cluster
            view = await look(Mirrors(api), settings.namespaces or (kubernetes.namespace,))
            await LedgerReport(settings, cluster, ledger).post(view, taken_at)
            return view.unread
    except httpx.HTTPError as error:
        return [sentence(error)]


async def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Until SIGTERM or Ctrl-C."""
    task = asyncio.ensure_future(work)
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


async def watch(settings: ObserverSettings, kubernetes: Kubernetes, say: Say) -> None:
    """Posts what is there and then what changes, in rounds that each begin with reading all; until it is cancelled."""
    namespaces = settings.namespaces or (kubernetes.namespace,)
    settings = replace(settings, namespaces=namespaces, round_seconds=settings.round_seconds or ROUND)
    health, wait, unread = Health(settings.round_seconds), GATHER, UNREAD
    async with probes(settings.port, health) as port:
        say(f"watches {', '.join(namespaces)}; answers probes at port {port}")
        while True:
            try:
                complete = await _round(settings, kubernetes, health, say, unread)
                wait, unread = GATHER, UNREAD if complete else min(2 * unread, settings.round_seconds)
            except* (httpx.HTTPError, msgspec.MsgspecError, OSError, WatchFailed) as errors:
                for each in leaves(errors):
                    say(sentence(each))
                wait = min(2 * wait, LONGEST)
            await asyncio.sleep(wait)


async def _round(settings: ObserverSettings, kubernetes: Kubernetes, health: Health, say: Say, unread: int) -> bool:
    """Lasts `round_seconds`, or `unread` where something could not be read: whether all could. Raises an ExceptionGroup
    where the cluster does not answer, or no longer tells what changes."""
    began, followed = time.monotonic(), dict[str, asyncio.Task[None]]()
    async with (
        kubernetes.connected() as api,
        httpx.AsyncClient(timeout=SECONDS) as ledger,
        asyncio.TaskGroup() as tasks,
    ):
        changed, mirrors = asyncio.Event(), Mirrors(api)
        report = LedgerReport(settings, settings.cluster or kubernetes.cluster, ledger)
        wait, said = GATHER, set[str]()
        while True:
            changed.clear()
            taken_at, busy = datetime.now(UTC), time.process_time()
            view = await look(mirrors, settings.namespaces)
            for each in set(view.unread) - said:
                say(each)
            said.update(view.unread)
            try:
                await report.post(view, taken_at)
                health.tell()
                wait = GATHER
            except httpx.HTTPError as error:  # the newest is told instead, later
                say(sentence(error))
                wait = min(2 * wait, LONGEST)
                changed.set()
            for path in mirrors.known.keys() - followed:
                followed[path] = tasks.create_task(mirrors.known[path].follow(api, changed.set))
            until = began + (unread if mirrors.unreadable else settings.round_seconds)
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), until - time.monotonic())
            if time.monotonic() >= until:
                break
            await asyncio.sleep(max(wait, IDLE * (time.process_time() - busy)))
        for it in followed.values():
            it.cancel()
    return not mirrors.unreadable


def sentence(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"{error.request.url.copy_with(query=None)} answered {error.response.status_code}"
    if isinstance(error, httpx.HTTPError):
        return f"{error.request.url.copy_with(query=None)}: {type(error).__name__}: {error}"
    return f"{type(error).__name__}: {error}"


def leaves(errors: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    for each in errors.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from leaves(each)
        else:
            yield each
