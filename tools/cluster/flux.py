"""Flux's four controllers, as processes outside the cluster that they work on."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from .component import component
from .kubernetes import Kubernetes, ready
from .parts import CRDS
from .waiting import wait_for

EVENTS = "127.0.0.1:9292"
# In this order they start: notification-controller receives the events of the others.
HEALTH = {"notification": 9440, "source": 9441, "kustomize": 9442, "helm": 9443}


@contextmanager
def run_flux(cluster: Kubernetes, folder: Path, logs: Path) -> Iterator[None]:
    """Install Flux's CRDs and run its controllers during the block. What they fetch is kept in `folder`."""
    folder.mkdir()
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}})
    cluster.kubectl("apply", "--server-side", "-f", str(CRDS / "bases"))
    names = [path.stem.split("_") for path in (CRDS / "bases").glob("*.yaml")]
    for group, kind in names:
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{kind}.{group}"
        wait_for(f"the kind {kind}", lambda path=path: ready(cluster.get(path), "Established"))  # type: ignore[misc]
    env = os.environ | {"KUBECONFIG": str(cluster.kubeconfig), "TMPDIR": str(folder)}
    artifacts = folder / "artifacts"
    artifacts.mkdir()
    sending = ["--requeue-dependency=1s", "--max-retry-delay=2s", f"--events-addr=http://{EVENTS}/"]
    more = {
        # It drops an event that it sent shortly before; in the tests the same event may rightly come twice in a minute.
        "notification": [f"--events-addr={EVENTS}", "--receiverAddr=127.0.0.1:9293", "--rate-limit-interval=1s"],
        "source": [*sending, f"--storage-path={artifacts}", "--storage-addr=127.0.0.1:9090"],
    }
    with ExitStack() as stack:
        for name, port in HEALTH.items():
            arguments = ["--metrics-addr=0", f"--health-addr=127.0.0.1:{port}", "--log-encoding=console"]
            program = f"{name}-controller"
            command = [program, *arguments, *more.get(name, sending)]
            stack.enter_context(component(command, logs, env, folder))
        for name, port in HEALTH.items():
            wait_for(f"{name}-controller", lambda port=port: _answers(f"http://127.0.0.1:{port}/healthz"))  # type: ignore[misc]
        yield


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.HTTPError:
        return False
