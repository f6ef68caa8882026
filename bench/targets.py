"""The programs that are measured, each filled with the same releases and events, one worker each on the first core."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.service.postgres_server import PostgresServer
from tools.demo.processes import running

from . import data
from .constant import Layer

CHECKOUT = Path(__file__).resolve().parent.parent
PYTHON = [sys.executable, "-P", "-m"]
AMPLE = "100000000/min, 999999MiB/min, 1000000 places"  # one client sends what many senders do
PINNED = ["taskset", "-c", "0"]


@dataclass(frozen=True)
class Target:
    """`url` answers, `pid` serves it, alone or with its children; `token` may file releases."""

    name: str
    url: str
    pid: int
    token: str


@contextmanager
def ledger(name: str, url: str, folder: Path, counts: tuple[int, int]) -> Iterator[Target]:
    keys = json.dumps({e: [key] for e, key in data.KEYS.items()})
    env = environment({"DATABASE_URL": url, "FLUX_KEYS": keys, "EVENT_QUOTA": AMPLE})
    run([*PYTHON, "service", "migrate"], env)
    token = run([*PYTHON, "service", "token", "create", "--scope", "releases:write"], env)
    run([*PYTHON, "bench.fill", url, *map(str, counts)], env)
    port = free_port()
    with serving(name, [*PYTHON, "service", "serve"], env | {"PORT": str(port)}, folder, port) as (it, pid):
        yield Target(name, it, pid, token)


@contextmanager
def constant(name: str, layer: Layer, folder: Path) -> Iterator[Target]:
    """What the ledger is compared with, below so many of its layers."""
    port = free_port()
    alike = ["--no-access-log", "--no-server-header", "--ws=none"]
    alike += ["--http=service.http.connections:BoundedConnection"] if layer >= Layer.CONNECTION else []
    command = [*PYTHON, "uvicorn", "--factory", "bench.constant:create_app", f"--port={port}", *alike]
    with serving(name, command, environment({"LAYER": str(int(layer))}), folder, port) as (it, pid):
        yield Target(name, it, pid, "")


@contextmanager
def fastapi(name: str, url: str, folder: Path, counts: tuple[int, int]) -> Iterator[Target]:
    env = environment({"DATABASE_URL": url, "TOKEN": secrets.token_hex(16)})
    run([*PYTHON, "bench.peers.fastapi_peer", *map(str, counts)], env)
    port = free_port()
    command = [*PYTHON, "uvicorn", "bench.peers.fastapi_peer:app", "--port", str(port), "--no-access-log"]
    with serving(name, command, env, folder, port) as (it, pid):
        yield Target(name, it, pid, env["TOKEN"])


@contextmanager
def django(name: str, database: str, folder: Path, counts: tuple[int, int]) -> Iterator[Target]:
    env = environment({"DATABASE": database, "TOKEN": secrets.token_hex(16)})
    run([*PYTHON, "bench.peers.django_peer", *map(str, counts)], env)
    port = free_port()
    worker = ["--workers=1", "--worker-class=gthread", "--threads=8", "--keep-alive=60"]
    command = [*PYTHON, "gunicorn", *worker, f"--bind=127.0.0.1:{port}", "bench.peers.django_peer:application"]
    with serving(name, command, env, folder, port) as (it, pid):
        yield Target(name, it, pid, env["TOKEN"])


@contextmanager
def serving(
    name: str, command: list[str], env: Mapping[str, str], folder: Path, port: int
) -> Iterator[tuple[str, int]]:
    log, url = folder / f"{re.sub(r'[^a-z]+', '-', name.lower())}.log", f"http://127.0.0.1:{port}"
    with running([*PINNED, *command], log, env) as process:
        deadline = time.monotonic() + 30
        while True:
            try:
                httpx.get(url, trust_env=False)
                break
            except httpx.TransportError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{name} does not serve:\n{log.read_text()}") from None
                time.sleep(0.05)
        yield url, process.pid


def on_postgres(server: PostgresServer, name: str) -> None:
    server.run("createdb", "-h", str(server.folder), "-U", "postgres", name)


def environment(more: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(CHECKOUT), **more}


def run(command: list[str], env: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout.strip()


def free_port() -> int:
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        port: int = it.getsockname()[1]
        return port
