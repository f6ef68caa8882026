"""What Waybill knows of Kubernetes' own kinds: how they are named, and where they keep pods.

Kinds of others are named and labelled by the same rules as most of these; nothing else is said of them.
"""

from collections.abc import Iterator
from typing import Any

from ...yaml.document import Path
from ...yaml.objects import Object, group_of
from .words import Rule, dns_label, dns_subdomain, path_segment

# API group and kind.
Kind = tuple[str, str]

APPS, BATCH, CORE, NETWORK, RBAC = "apps", "batch", "", "networking.k8s.io", "rbac.authorization.k8s.io"
DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")
SELECTING = {(APPS, kind) for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")}

_NAMES: dict[Kind, Rule] = {
    (CORE, "Namespace"): dns_label,
    # Before 1.36 the name of a Service had to begin with a letter.
    (CORE, "Service"): dns_label,
    (APPS, "StatefulSet"): dns_label,
    **{(RBAC, kind): path_segment for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")},
    ("certificates.k8s.io", "ClusterTrustBundle"): path_segment,
    (NETWORK, "IPAddress"): path_segment,
    ("policy", "PodDisruptionBudget"): path_segment,
}
_POD_TEMPLATES: dict[Kind, str] = {
    **dict.fromkeys(SELECTING, "spec.template"),
    (CORE, "ReplicationController"): "spec.template",
    (CORE, "PodTemplate"): "template",
    (BATCH, "Job"): "spec.template",
    (BATCH, "CronJob"): "spec.jobTemplate.spec.template",
}


def kind_of(item: Object) -> Kind:
    return group_of(item), item["kind"]


def name_rule(kind: Kind) -> Rule:
    """OpenShift's API servers take names that Kubernetes' own does not."""
    return _NAMES.get(kind, path_segment if kind[0].endswith(".openshift.io") else dns_subdomain)


def pods(item: Object) -> Iterator[tuple[Path, Object]]:
    """Path and content of what holds a pod's `metadata` and `spec`."""
    kind = kind_of(item)
    if kind == (CORE, "Pod"):
        yield (), item
    elif kind in _POD_TEMPLATES:
        yield from ((path, found) for path, found in at(item, _POD_TEMPLATES[kind]) if isinstance(found, dict))


def at(value: Any, pattern: str, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """What stands at a dotted path, whose `*` is every key or item; what is null is absent."""
    key, _, rest = pattern.partition(".")
    if key == "*":
        found = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    else:
        found = [(key, value[key])] if isinstance(value, dict) and key in value else []
    for name, inner in found:
        if inner is not None:
            yield from at(inner, rest, (*path, name)) if rest else [((*path, name), inner)]
