"""A text where a number or a boolean belongs, as `{{ .Values.port | quote }}` writes it, is refused where Kubernetes'
own decoder, here kubectl's, refuses it, and the same without quotes is not."""

import json
import subprocess
from typing import Any

import pytest

from scripts.chart.api import rules
from scripts.chart.findings import Finding
from scripts.chart.manifests import manifests
from tests.support.scripts.rendered import rendered

POD = "spec.template.spec"
ROWS: list[tuple[str, str, Any]] = [
    *(("apps/v1 Deployment", f"spec.{name}", 2) for name in ("replicas", "revisionHistoryLimit", "minReadySeconds")),
    ("apps/v1 Deployment", "spec.progressDeadlineSeconds", 600),
    ("apps/v1 Deployment", "spec.paused", False),
    ("apps/v1 StatefulSet", "spec.replicas", 0),
    ("apps/v1 DaemonSet", "spec.revisionHistoryLimit", 3),
    ("batch/v1 Job", "spec.backoffLimit", 4),
    ("batch/v1 Job", "spec.suspend", True),
    ("batch/v1 CronJob", "spec.jobTemplate.spec.ttlSecondsAfterFinished", 60),
    ("batch/v1 CronJob", "spec.successfulJobsHistoryLimit", 1),
    ("batch/v1 CronJob", "spec.jobTemplate.spec.template.spec.containers.0.ports.0.containerPort", 80),
    *(("apps/v1 Deployment", f"{POD}.{name}", 30) for name in ("terminationGracePeriodSeconds", "priority")),
    *(("apps/v1 Deployment", f"{POD}.securityContext.{name}", 1000) for name in ("runAsUser", "runAsGroup", "fsGroup")),
    *(("apps/v1 Deployment", f"{POD}.{name}", True) for name in ("hostNetwork", "automountServiceAccountToken")),
    ("apps/v1 Deployment", f"{POD}.tolerations.0.tolerationSeconds", 300),
    ("apps/v1 Deployment", f"{POD}.volumes.0.secret.defaultMode", 0o400),
    ("apps/v1 Deployment", f"{POD}.containers.0.ports.0.containerPort", 8080),
    ("apps/v1 Deployment", f"{POD}.containers.0.livenessProbe.periodSeconds", 10),
    ("apps/v1 Deployment", f"{POD}.initContainers.0.securityContext.runAsUser", 1000),
    ("apps/v1 Deployment", f"{POD}.containers.0.securityContext.readOnlyRootFilesystem", True),
    ("apps/v1 Deployment", f"{POD}.containers.0.volumeMounts.0.readOnly", True),
    ("v1 Service", "spec.ports.0.port", 80),
    ("v1 Service", "spec.ports.0.nodePort", 30000),
    ("v1 Service", "spec.publishNotReadyAddresses", True),
    ("v1 ServiceAccount", "automountServiceAccountToken", False),
    ("v1 ConfigMap", "immutable", True),
    ("networking.k8s.io/v1 Ingress", "spec.rules.0.http.paths.0.backend.service.port.number", 80),
    ("autoscaling/v2 HorizontalPodAutoscaler", "spec.maxReplicas", 5),
    ("autoscaling/v2 HorizontalPodAutoscaler", "spec.metrics.0.resource.target.averageUtilization", 80),
]  # fmt: skip
# Where either may stand.
BOTH = [
    ("v1 Service", "spec.ports.0.targetPort", 80),
    ("apps/v1 Deployment", f"{POD}.containers.0.livenessProbe.httpGet.port", 80),
    ("apps/v1 Deployment", f"{POD}.containers.0.resources.limits.cpu", 1),
    ("apps/v1 Deployment", "spec.strategy.rollingUpdate.maxSurge", 1),
]


def built(kind: str, path: str, value: Any) -> dict[str, Any]:
    version, name = kind.split()
    for key in reversed(path.split(".")):
        value = [value] if key == "0" else {key: value}
    return {"apiVersion": version, "kind": name, "metadata": {"name": "a"}, **value}


def decoded(item: dict[str, Any]) -> bool:
    command = ["kubectl", "set", "image", "--local", "--filename=-", "*=y", "--output=name"]
    done = subprocess.run(command, input=json.dumps(item), capture_output=True, text=True, check=False)
    return "unable to decode" not in done.stderr


def said(item: dict[str, Any]) -> list[Finding]:
    found = rules.findings(manifests(rendered(it=json.dumps(item))), "apps")
    return [it for it in found if "belongs there" in it.what and "text belongs" not in it.what]


@pytest.mark.parametrize(("kind", "path", "value"), ROWS, ids=lambda it: str(it).rpartition(".")[2])
def test_a_text_is_refused(kind: str, path: str, value: Any) -> None:
    right, wrong = built(kind, path, value), built(kind, path, json.dumps(value))
    assert (decoded(right), decoded(wrong)) == (True, False)
    assert said(right) == []
    [finding] = said(wrong)
    assert f"is '{json.dumps(value)}', which the API server refuses" in finding.what
    assert finding.remedy == "Take the quotes away, in the template or in the values."


def test_what_flux_fills_in_is_not_known() -> None:
    assert said(built("apps/v1 Deployment", "spec.replicas", "${replicas:=2}")) == []
    assert said(built("apps/v1 Deployment", "spec.paused", "${paused}")) == []
    for label, wrong in (("${cluster}", False), ("a b", True)):
        item = built("v1 ConfigMap", "data.a", "b")
        item["metadata"]["labels"] = {"a": label}
        assert bool(list(rules.findings(manifests(rendered(it=json.dumps(item))), "apps"))) == wrong


def test_true_is_no_number() -> None:
    [finding] = said(built("apps/v1 Deployment", "spec.replicas", True))
    assert "a number belongs there" in finding.what
    assert finding.remedy == "Correct the template, or the value that it uses."


@pytest.mark.parametrize(("kind", "path", "value"), BOTH)
def test_where_either_may_stand_it_is_not(kind: str, path: str, value: Any) -> None:
    for item in (built(kind, path, value), built(kind, path, str(value))):
        assert decoded(item)
        assert said(item) == []
