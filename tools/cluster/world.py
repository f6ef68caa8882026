"""Starts everything: registry, control plane, node, Flux, forge."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tools.demo.registry import serve_registry

from .control_plane import serve_control_plane
from .flux import run_flux
from .forge import Forge, serve_forge
from .kubernetes import Kubernetes
from .namespaces import ADDRESS, FOLDER
from .node import run_node

REGISTRY_PORT = 5000
LOGS = FOLDER / "logs"


@dataclass(frozen=True)
class World:
    """`registry` is `host:port`, plain HTTP."""

    cluster: Kubernetes
    registry: str
    forge: Forge


@contextmanager
def world() -> Iterator[World]:
    """Yield a working cluster, and report each step on stdout. Only for a process inside the namespaces."""
    for name in ("registry", "control-plane", "node", "flux", "forge", "logs"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
    LOGS.mkdir(parents=True)
    registry = f"127.0.0.1:{REGISTRY_PORT}"
    started = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - started:5.1f} s  {what}", flush=True)

    with ExitStack() as stack:
        stack.enter_context(serve_registry(FOLDER / "registry", address=f"0.0.0.0:{REGISTRY_PORT}", on_disk=True))
        (LOGS / "registry.log").symlink_to(FOLDER / "registry" / "registry.log")
        tell("an OCI registry listens")
        cluster = stack.enter_context(serve_control_plane(FOLDER / "control-plane", LOGS))
        tell("the Kubernetes API answers")
        names = (registry, f"{ADDRESS}:{REGISTRY_PORT}")
        stack.enter_context(run_node(cluster, names, FOLDER / "node", LOGS))
        tell("a node is Ready")
        stack.enter_context(run_flux(cluster, FOLDER / "flux", LOGS))
        tell("Flux watches")
        forge = stack.enter_context(serve_forge(FOLDER / "forge", LOGS))
        tell("a forge listens")
        yield World(cluster, registry, forge)
