"""Which fields of Kubernetes' own kinds are text, and of what form: k8s.io/kubernetes/pkg/apis/*/validation."""

from collections.abc import Iterator
from typing import Any

from ...yaml.document import Path
from ..findings import Finding
from ..manifests import RenderedObject
from .complaint import checked, mapping
from .kinds import APPS, BATCH, CORE, NETWORK, RBAC, SELECTING, Kind, at, kind_of, pods
from .words import (
    Rule,
    any_text,
    base64,
    data_key,
    dns_label,
    dns_subdomain,
    label_key,
    label_value,
    optional,
    path_segment,
    port_name,
    variable_name,
)

# By dotted path, whose `*` is every key or item: the rule of a text, or the rules of a mapping's keys and values.
Fields = dict[str, Rule | tuple[Rule, Rule]]

LABELS = (label_key, label_value)

_REFERENCE = optional(dns_subdomain)
_CONTAINER: Fields = {
    "name": dns_label,
    "ports.*.name": optional(port_name),
    "env.*.name": variable_name,
    "env.*.valueFrom.*.key": data_key,
    "env.*.valueFrom.*.name": _REFERENCE,
    **dict.fromkeys(
        (
            "image",
            "workingDir",
            "imagePullPolicy",
            "command.*",
            "args.*",
            "env.*.value",
            "envFrom.*.prefix",
            "envFrom.*.*.name",
            "volumeMounts.*.name",
            "volumeMounts.*.mountPath",
            "volumeMounts.*.subPath",
        ),
        any_text,
    ),
}
_POD: Fields = {
    "nodeSelector": LABELS,
    "volumes.*.name": dns_label,
    **dict.fromkeys(
        (
            "hostname",
            "subdomain",
            "schedulerName",
            "restartPolicy",
            "imagePullSecrets.*.name",
            "volumes.*.configMap.name",
            "volumes.*.secret.secretName",
            "volumes.*.persistentVolumeClaim.claimName",
        ),
        any_text,
    ),
    **dict.fromkeys(("serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"), _REFERENCE),
    **{
        f"{key}.*.{path}": rule
        for key in ("containers", "initContainers", "ephemeralContainers")
        for path, rule in _CONTAINER.items()
    },
}
_BINDING: Fields = {"roleRef.name": path_segment, "subjects.*.name": any_text, "subjects.*.namespace": any_text}
_PEERS: Fields = {
    f"spec.{way}.*.{selector}.matchLabels": LABELS
    for way in ("ingress.*.from", "egress.*.to")
    for selector in ("podSelector", "namespaceSelector")
}
_SELECTOR: Fields = {"spec.selector.matchLabels": LABELS}
_FIELDS: dict[Kind, Fields] = {
    **dict.fromkeys(SELECTING, _SELECTOR),
    (APPS, "StatefulSet"): _SELECTOR | {"spec.serviceName": optional(dns_label)},
    (BATCH, "CronJob"): {"spec.schedule": any_text, "spec.timeZone": any_text},
    (CORE, "ConfigMap"): {"data": (data_key, any_text), "binaryData": (data_key, base64)},
    (CORE, "Secret"): {"data": (data_key, base64), "stringData": (data_key, any_text), "type": any_text},
    (CORE, "Service"): {"spec.selector": LABELS, "spec.ports.*.name": optional(dns_label), "spec.type": any_text},
    (CORE, "PersistentVolumeClaim"): {"spec.storageClassName": any_text, "spec.volumeName": any_text},
    (NETWORK, "NetworkPolicy"): {"spec.podSelector.matchLabels": LABELS} | _PEERS,
    (NETWORK, "Ingress"): {
        "spec.ingressClassName": dns_subdomain,
        "spec.rules.*.host": any_text,
        "spec.rules.*.http.paths.*.path": any_text,
        "spec.rules.*.http.paths.*.backend.service.name": dns_label,
        "spec.tls.*.secretName": any_text,
        "spec.tls.*.hosts.*": any_text,
    },
    (RBAC, "RoleBinding"): _BINDING,
    (RBAC, "ClusterRoleBinding"): _BINDING,
    ("policy", "PodDisruptionBudget"): _SELECTOR,
}


def findings(manifest: RenderedObject) -> Iterator[Finding]:
    yield from _checked(manifest, (), manifest.object, _FIELDS.get(kind_of(manifest.object), {}))
    for path, pod in pods(manifest.object):
        yield from _checked(manifest, (*path, "spec"), pod.get("spec"), _POD)


def _checked(manifest: RenderedObject, path: Path, part: Any, fields: Fields) -> Iterator[Finding]:
    for pattern, rule in fields.items():
        for place, value in at(part, pattern, path):
            if isinstance(rule, tuple):
                yield from mapping(manifest, place, value, *rule)
            else:
                yield from checked(manifest, place, value, rule)
