"""An observer that watches, beside a test."""

from collections.abc import Iterator
from contextlib import contextmanager

from anyio.from_thread import start_blocking_portal

from service.observer.program import watch
from service.observer.settings import ObserverSettings

from .kubernetes_stand_in import KubernetesStandIn
from .served import KEYS


@contextmanager
def watching(
    api: KubernetesStandIn, ledger: str = "", namespaces: tuple[str, ...] = ("apps",), round_seconds: int = 300
) -> Iterator[list[str]]:
    """Yields what it says. It posts to `ledger`, or to the stand-in itself. Raises what ended it."""
    said = list[str]()
    settings = ObserverSettings(
        ledger or api.url, "staging", KEYS["staging"][0].encode(), namespaces, round_seconds, port=0
    )
    with start_blocking_portal() as portal:
        running = portal.start_task_soon(watch, settings, api.kubernetes(), said.append)
        try:
            yield said
        finally:
            running.cancel()
            if running.done() and not running.cancelled():
                running.result()
