"""An observer that watches, with a real ledger: what is away comes back, none of it looks silent, nothing flickers."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tools.cluster.waiting import wait_for

from ..support.builders import TOP
from ..support.service.kubernetes_objects import helmrelease
from ..support.service.kubernetes_stand_in import HELMRELEASES, kubernetes_stand_in
from ..support.service.replica import replica
from ..support.service.served import KEYS
from ..support.service.sizes import size
from ..support.service.watching import watching

pytestmark = pytest.mark.long

APPS = HELMRELEASES.format("apps")
PODS = "/api/v1/namespaces/apps/pods"


def state(url: str) -> dict[str, Any]:
    """What the ledger says of the environment; empty while it does not answer, or never heard of it."""
    try:
        answer = httpx.get(f"{url}/environments/staging", trust_env=False, timeout=15)
    except httpx.HTTPError:
        return {}
    found: dict[str, Any] = answer.json() if answer.is_success else {}
    return found


def runs(url: str) -> list[str]:
    return [it["release"]["version"] for it in state(url).get("services", []) if it["release"]]


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def test_a_ledger_that_comes_back_is_told_what_is_then(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with kubernetes_stand_in({"apps": [helmrelease("orders")]}, {PODS: []}) as api, ExitStack() as stack:
        with replica(database_url, tmp_path / "log", PORT=port):
            stack.enter_context(watching(api, url))
            wait_for("the first", lambda: runs(url) == ["1.4.2"], 60)
            wait_for("the watch", lambda: any(version for path, version in api.asked if path == APPS), 60)
            api.change("MODIFIED", APPS, helmrelease("orders", "1.5.0"))
            wait_for("the second", lambda: runs(url) == ["1.5.0"], 60)
        for version in ("1.6.0", "1.7.0"):
            api.change("MODIFIED", APPS, helmrelease("orders", version))
        with replica(database_url, tmp_path / "log", PORT=port):
            wait_for("the newest", lambda: runs(url) == ["1.7.0"], 90)
            [it] = state(url)["services"]
            assert (it["health"], it["basis"], state(url)["silent_since"]) == ("healthy", "snapshot", None)


def test_quick_posts_and_a_restart_change_no_round(database_url: str, tmp_path: Path) -> None:
    with (
        kubernetes_stand_in({"apps": [helmrelease("orders")]}, {PODS: []}) as api,
        replica(database_url, tmp_path / "log") as it,
    ):
        for version in ("1.5.0", "1.6.0"):
            with watching(api, it.url, round_seconds=10):
                wait_for("its watch", lambda: any(version for path, version in api.asked if path == APPS), 60)
                api.change("MODIFIED", APPS, helmrelease("orders", version))
                wait_for("the change", lambda version=version: runs(it.url) == [version], 60)
            api.asked.clear()
            assert state(it.url)["silent_since"] is None


def test_five_thousand_helmreleases_of_one_namespace_are_told(database_url: str, tmp_path: Path) -> None:
    number = size(400, 5000)
    many = [helmrelease(f"orders-{each:04}") for each in range(number)]
    with (
        kubernetes_stand_in({"apps": many}, {PODS: []}, page=500) as api,
        replica(database_url, tmp_path / "log") as it,
    ):
        with watching(api, it.url) as said:
            wait_for("all of them", lambda: len(runs(it.url)) == number, 120, 0.5)
            api.change("DELETED", APPS, helmrelease("orders-0007"))
            wait_for("all but one", lambda: len(runs(it.url)) == number - 1, 60, 0.5)
        assert len(said) == 1


STARTED = """
import sys
from pathlib import Path
from service.__main__ import main
from service.observer.kubernetes import Kubernetes
Kubernetes.of_pod = lambda: Kubernetes(sys.argv[1], Path(sys.argv[2]), "apps")
main(["observe"])
"""


def test_it_answers_probes_and_ends_at_once_when_it_is_told_to(tmp_path: Path) -> None:
    """Ready is who has told the ledger what is there."""
    port = free_port()
    given = {"ENVIRONMENT": "staging", "FLUX_KEY": KEYS["staging"][0], "PORT": port, "PATH": os.environ["PATH"]}

    def answers(path: str, status: int) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False).status_code == status
        except httpx.HTTPError:
            return False

    with kubernetes_stand_in({"apps": [helmrelease("orders")]}, {PODS: []}) as api:
        api.status = 401
        command = [sys.executable, "-c", STARTED, api.url, str(api.account)]
        process = subprocess.Popen(command, cwd=TOP, env=given | {"LEDGER_URL": api.url}, stderr=subprocess.PIPE)
        wait_for("a probe", lambda: answers("/healthz", 200), 30)
        assert answers("/readyz", 503)
        api.status = 200
        wait_for("it to be ready", lambda: answers("/readyz", 200), 30)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
        assert (process.returncode, time.monotonic() - began < 10) == (0, True), said
        assert said.decode().splitlines()[0] == f"watches apps; answers probes at port {port}"
