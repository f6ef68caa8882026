"""The autoscaler of the ledger's chart decides how many pods there are: switching it on takes none away, and no upgrade
changes their number.

No pod has to run for that, and none does: there is no database. The cluster measures no CPU, so the autoscaler sees to
`minReplicas` alone.
"""

from collections.abc import Iterator

import pytest

from tests.support.e2e.scene import Scene
from tools.cluster.waiting import wait_for
from tools.demo import world as demo

NAMESPACE = "scaled"
PINNED = f"--set=image.digest=sha256:{'1' * 64}"
POSTGRESQL = "--set=database.engine=postgresql,database.postgresql.secretName=none"
AUTOSCALED = "--set=autoscaling.enabled=true,autoscaling.minReplicas=4"


@pytest.fixture
def installed(scene: Scene) -> Iterator[Scene]:
    helm(scene, "install", "--create-namespace", "--set=replicas=2")
    yield scene
    scene.cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_the_autoscaler_decides_and_no_upgrade_does(installed: Scene) -> None:
    assert deployment(installed) == (2, 1)
    # As chart/README.md says: else Kubernetes would take a Deployment that loses its `replicas` to one pod.
    installed.cluster.kubectl("scale", "deployment/waybill", f"--namespace={NAMESPACE}", "--replicas=3")
    helm(installed, "upgrade", AUTOSCALED)
    wait_for("the autoscaler", lambda: deployment(installed)[0] == 4)
    assert deployment(installed) == (4, 3), "from 3 to 4, and nothing between"
    helm(installed, "upgrade", AUTOSCALED, "--set=service.annotations.changed=yes")
    assert deployment(installed) == (4, 3)


def helm(scene: Scene, command: str, *words: str) -> None:
    env = demo.environment(scene.folder) | {"KUBECONFIG": str(scene.cluster.kubeconfig)}
    chart = ["helm", command, "waybill", demo.CHECKOUT / "chart", "--namespace", NAMESPACE]
    demo.run([*chart, PINNED, POSTGRESQL, *words], env)


def deployment(scene: Scene) -> tuple[int, int]:
    """How many pods are wanted, and the number of that specification."""
    found = scene.cluster.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/waybill")
    assert found
    return found["spec"]["replicas"], found["metadata"]["generation"]
