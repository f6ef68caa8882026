"""Which fields of Kubernetes' own kinds are numbers or booleans, for which the API server takes no text:
https://kubernetes.io/docs/reference/kubernetes-api/"""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import structs

from ...yaml.document import Path
from ..containers import KEYS
from ..findings import Finding
from ..manifests import RenderedObject
from .complaint import MEND, complaint, is_filled_in
from .kinds import APPS, BATCH, CORE, NETWORK, Kind, at, kind_of, pods

# By dotted path, whose `*` is every key or item: the numbers, then the booleans.
Fields = tuple[Sequence[str], Sequence[str]]

_PROBE = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_IDS = ("securityContext.runAsUser", "securityContext.runAsGroup")
_CONTAINER: Fields = (
    (
        *("ports.*.containerPort", "ports.*.hostPort", *_IDS),
        *(f"{probe}Probe.{name}" for probe in ("liveness", "readiness", "startup") for name in _PROBE),
    ),
    (
        *(f"securityContext.{name}" for name in ("privileged", "runAsNonRoot", "readOnlyRootFilesystem")),
        *("securityContext.allowPrivilegeEscalation", "stdin", "tty", "volumeMounts.*.readOnly"),
    ),
)
_POD: Fields = (
    (
        *("terminationGracePeriodSeconds", "activeDeadlineSeconds", "priority", *_IDS, "securityContext.fsGroup"),
        *("tolerations.*.tolerationSeconds", "topologySpreadConstraints.*.maxSkew"),
        *("volumes.*.configMap.defaultMode", "volumes.*.secret.defaultMode"),
        *(f"{key}.*.{path}" for key in KEYS for path in _CONTAINER[0]),
    ),
    (
        *("hostNetwork", "hostPID", "hostIPC", "automountServiceAccountToken", "enableServiceLinks"),
        *("shareProcessNamespace", "securityContext.runAsNonRoot"),
        *("volumes.*.configMap.optional", "volumes.*.secret.optional"),
        *(f"{key}.*.{path}" for key in KEYS for path in _CONTAINER[1]),
    ),
)
_JOB = ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished")
_REPLICAS = ("spec.replicas", "spec.revisionHistoryLimit", "spec.minReadySeconds")
_FIELDS: dict[Kind, Fields] = {
    (APPS, "Deployment"): ((*_REPLICAS, "spec.progressDeadlineSeconds"), ["spec.paused"]),
    (APPS, "StatefulSet"): (_REPLICAS, []),
    (APPS, "DaemonSet"): (_REPLICAS[1:], []),
    (BATCH, "Job"): ([f"spec.{name}" for name in _JOB], ["spec.suspend"]),
    (BATCH, "CronJob"): (
        [
            *(f"spec.jobTemplate.spec.{name}" for name in _JOB),
            *("spec.startingDeadlineSeconds", "spec.successfulJobsHistoryLimit", "spec.failedJobsHistoryLimit"),
        ],
        ["spec.suspend"],
    ),
    (CORE, "Service"): (["spec.ports.*.port", "spec.ports.*.nodePort"], ["spec.publishNotReadyAddresses"]),
    (CORE, "ServiceAccount"): ([], ["automountServiceAccountToken"]),
    (CORE, "ConfigMap"): ([], ["immutable"]),
    (CORE, "Secret"): ([], ["immutable"]),
    (NETWORK, "Ingress"): (["spec.rules.*.http.paths.*.backend.service.port.number"], []),
    ("autoscaling", "HorizontalPodAutoscaler"): (
        ["spec.minReplicas", "spec.maxReplicas", "spec.metrics.*.resource.target.averageUtilization"],
        [],
    ),
}


def findings(manifest: RenderedObject) -> Iterator[Finding]:
    yield from _checked(manifest, (), manifest.object, _FIELDS.get(kind_of(manifest.object), ((), ())))
    for path, pod in pods(manifest.object):
        yield from _checked(manifest, (*path, "spec"), pod.get("spec"), _POD)


def _checked(manifest: RenderedObject, path: Path, part: Any, fields: Fields) -> Iterator[Finding]:
    numbers, booleans = fields
    for pattern in numbers:
        for place, value in at(part, pattern, path):
            if isinstance(value, bool | str) and not is_filled_in(value):
                yield _wrong(manifest, place, value, "a number belongs there")
    for pattern in booleans:
        for place, value in at(part, pattern, path):
            if not isinstance(value, bool | dict | list) and not is_filled_in(value):
                yield _wrong(manifest, place, value, "true or false belongs there")


def _wrong(manifest: RenderedObject, path: Path, value: Any, why: str) -> Finding:
    remedy = "Take the quotes away, in the template or in the values." if isinstance(value, str) else MEND
    return structs.replace(complaint(manifest, path, value, why), remedy=remedy)
