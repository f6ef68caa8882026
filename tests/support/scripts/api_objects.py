"""One right object of each kind, and what the API server says when one value in it is another.

The verdicts in api_objects.json are those of k8s.io/kubernetes v1.36.3: its decoder, then ValidateDeployment and its
like, run as a program over every row.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Object = dict[str, Any]

_META = {"name": "orders", "namespace": "apps", "labels": {"a.b/c": "d"}, "annotations": {"a.b/c": "d e"}}
_CONTAINER = {
    "name": "a",
    "image": "x",
    "command": ["x"],
    "args": ["y"],
    "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}],
    "envFrom": [{"prefix": "p", "configMapRef": {"name": "z"}}],
    "ports": [{"name": "http", "containerPort": 80}, {"name": "m", "containerPort": 81}],
    "volumeMounts": [{"name": "v", "mountPath": "/v"}],
}
_POD = {
    "containers": [_CONTAINER, {"name": "b", "image": "y"}],
    "initContainers": [{"name": "i", "image": "z"}],
    "volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "configMap": {"name": "c"}}],
    "nodeSelector": {"a.b/c": "d"},
    "serviceAccountName": "s",
}
_TEMPLATE = {"metadata": {"labels": {"app": "orders"}, "annotations": {"x": "y"}}, "spec": _POD}
_JOB = {"template": {**_TEMPLATE, "spec": {**_POD, "restartPolicy": "Never"}}}
_SELECTOR = {"matchLabels": {"app": "orders"}, "matchExpressions": [{"key": "app", "operator": "Exists"}]}
_PORTS = [{"name": "h", "port": 80}, {"name": "m", "port": 81}]
_PATHS = [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "o", "port": {"number": 80}}}}]
_RBAC = "rbac.authorization.k8s.io"


def _object(version: str, kind: str, **more: Any) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": _META, **more}


RIGHT = [
    _object("apps/v1", "Deployment", spec={"selector": _SELECTOR, "template": _TEMPLATE}),
    _object("apps/v1", "StatefulSet", spec={"serviceName": "o", "selector": _SELECTOR, "template": _TEMPLATE}),
    _object("apps/v1", "DaemonSet", spec={"selector": _SELECTOR, "template": _TEMPLATE}),
    _object("batch/v1", "Job", spec=_JOB),
    _object("batch/v1", "CronJob", spec={"schedule": "* * * * *", "jobTemplate": {"spec": _JOB}}),
    _object("v1", "Pod", spec=_POD),
    _object("v1", "ConfigMap", data={"a.txt": "x"}, binaryData={"b": "aGk="}),
    _object("v1", "Secret", type="Opaque", data={"a": "aGk="}, stringData={"b": "c"}),
    _object(
        "v1", "Service", spec={"selector": {"a": "b"}, "ports": [{"name": "h", "port": 80}, {"name": "m", "port": 81}]}
    ),
    _object("v1", "ServiceAccount"),
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "apps", "labels": {"a": "b"}}},
    _object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        spec={
            "podSelector": {"matchLabels": {"a": "b"}},
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"a": "b"}}}]}],
            "policyTypes": ["Ingress"],
        },
    ),
    _object(
        "networking.k8s.io/v1",
        "Ingress",
        spec={
            "ingressClassName": "n",
            "rules": [{"host": "a.example", "http": {"paths": _PATHS}}],
        },
    ),
    _object("policy/v1", "PodDisruptionBudget", spec={"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}),
    _object(f"{_RBAC}/v1", "Role", rules=[]),
    _object(
        f"{_RBAC}/v1",
        "RoleBinding",
        roleRef={"apiGroup": _RBAC, "kind": "Role", "name": "r"},
        subjects=[{"kind": "ServiceAccount", "name": "a", "namespace": "b"}],
    ),
]


def verdicts() -> Iterator[tuple[Object, str, bool]]:
    """Each object with one value changed, where and to what, and whether the API server refuses it."""
    rows = json.loads(Path(__file__).with_suffix(".json").read_text())
    by_kind = {item["kind"]: item for item in RIGHT}
    for kind, path, value, refused in rows:
        yield changed(by_kind[kind], path, value), f"{kind} {'.'.join(map(str, path))} = {value!r}", refused


def changed(item: Object, path: list[str | int], value: Any) -> Object:
    """`value` at `path`; `[key]` as the last of it gives the key before it another name, and takes none away."""
    item = copy.deepcopy(item)
    place: Any = item
    for key in path[:-1]:
        place = place[key]
    if path[-1] == "[key]":
        place[value] = "x"
    else:
        place[path[-1]] = value
    return item
