"""Rules for every render, with any values. A rule yields a complaint for each place that breaks it."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from . import schemas
from .examples import SIDECAR
from .render import Object, pods

Rule = Callable[[list[Object]], Iterator[str]]
LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
SERVICE_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
MERGE_KEYS = {
    "containers": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ports": ("containerPort", "port", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}


def every_version_takes_it(objects: list[Object]) -> Iterator[str]:
    for version in schemas.versions():
        for found in objects:
            yield from (f"{version} {_name(found)}: {said}" for said in schemas.complaints(found, version))


def pods_are_restricted(objects: list[Object]) -> Iterator[str]:
    """Checked with Kubernetes' own code, see tools/go/pod-security."""
    names, templates = zip(*pods(objects), strict=True)
    done = subprocess.run(["pod-security"], input=json.dumps(templates), capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    yield from (f"{names}: {line}" for line in done.stdout.splitlines())


def root_cannot_write(objects: list[Object]) -> Iterator[str]:
    for name, container in _containers(objects):
        if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
            yield f"{name}: the root file system is writable"


def no_token_and_no_environment_of_others(objects: list[Object]) -> Iterator[str]:
    """Only the observer needs the Kubernetes API."""
    for name, pod in pods(objects):
        observes = pod["metadata"]["labels"]["app.kubernetes.io/component"] == "observer"
        if pod["spec"].get("automountServiceAccountToken") is not observes:
            yield f"{name}: automountServiceAccountToken"
        if pod["spec"].get("enableServiceLinks") is not False:
            yield f"{name}: enableServiceLinks"


def nothing_is_null_or_a_fraction(objects: list[Object]) -> Iterator[str]:
    """Helm versions treat null differently, and a large number must not become 1e+09."""
    for path, value in _walk(objects):
        if value is None or isinstance(value, float):
            yield f"{path}: {value!r}"


def no_two_objects_are_one(objects: list[Object]) -> Iterator[str]:
    keys = Counter((found["kind"], found["metadata"]["namespace"], found["metadata"]["name"]) for found in objects)
    yield from (f"{key} {count} times" for key, count in keys.items() if count > 1)


def no_two_entries_are_one(objects: list[Object]) -> Iterator[str]:
    """Server-side apply refuses two list entries with the same merge key."""
    for path, value in _walk(objects):
        merge = MERGE_KEYS.get(path.rpartition(".")[2])
        if isinstance(value, list) and merge:
            keys = Counter(tuple(entry.get(key) for key in merge) for entry in value)
            yield from (f"{path}: {key} {count} times" for key, count in keys.items() if count > 1)


def objects_are_labelled_and_in_the_namespace(objects: list[Object]) -> Iterator[str]:
    for found in objects:
        metadata = found["metadata"]
        elsewhere = found["kind"] in ("Role", "RoleBinding")  # where the HelmReleases are
        if metadata.get("namespace") != "waybill" and not (elsewhere and metadata.get("namespace")):
            yield f"{_name(found)}: not in the release's namespace"
        if found["kind"] == "Secret":  # of extraObjects: the chart makes none
            continue
        if not {"helm.sh/chart", "app.kubernetes.io/version"} <= metadata.get("labels", {}).keys():
            yield f"{_name(found)}: its labels do not say which chart it is from"
    for path, value in _walk(objects):
        if re.search(r"\.(labels|matchLabels)\.[^.]+(\.[^.]+)*$", path) and not LABEL_VALUE.fullmatch(str(value)):
            yield f"{path}: {value!r} is no label value"


def names_fit(objects: list[Object]) -> Iterator[str]:
    """Names fit a Service (a DNS label that begins with a letter) and a CronJob (52 characters)."""
    for found in objects:
        name = found["metadata"]["name"]
        if not SERVICE_NAME.fullmatch(name) or (found["kind"] == "CronJob" and len(name) > 52):
            yield f"{_name(found)}: no name for it"


def the_observer_may_read_helmreleases_and_pods_and_no_more(objects: list[Object]) -> Iterator[str]:
    """Its Role is named after the release's namespace too, so that two observers of one namespace do not share it."""
    read = {
        "helm.toolkit.fluxcd.io": ["helmreleases"],
        "": ["pods"],
        "apps": ["deployments", "replicasets", "statefulsets", "daemonsets"],
        "batch": ["jobs", "cronjobs"],
    }
    allowed = [
        {"apiGroups": [group], "resources": kinds, "verbs": ["get", "list", "watch"]} for group, kinds in read.items()
    ]
    for found in objects:
        if found["kind"] == "Role" and found["rules"] != allowed:
            yield f"{_name(found)}: {found['rules']}"
        if found["kind"] == "RoleBinding":
            subjects = [(it["kind"], f"{it['namespace']}-{it['name']}") for it in found["subjects"]]
            if subjects != [("ServiceAccount", found["roleRef"]["name"])]:
                yield f"{_name(found)}: {subjects}"


def pods_carry_no_version(objects: list[Object]) -> Iterator[str]:
    """Otherwise every new chart version would restart them."""
    for name, pod in pods(objects):
        if shown := {"helm.sh/chart", "app.kubernetes.io/version"} & pod["metadata"]["labels"].keys():
            yield f"{name}: {shown}"


def selectors_find_their_pods_alone(objects: list[Object]) -> Iterator[str]:
    """Selectors find the ledger's pods, or the observer's, whose name they have, but never those of `helm test`."""
    labels = {name: pod["metadata"]["labels"].items() for name, pod in pods(objects)}
    for found in objects:
        spec = found.get("spec", {})
        selector = {"Service": spec.get("selector"), "NetworkPolicy": spec.get("podSelector", {}).get("matchLabels")}
        chosen = selector.get(found["kind"]) or (spec.get("selector") or {}).get("matchLabels")
        if chosen and found["kind"] != "ServiceMonitor":
            matched = {name for name, own in labels.items() if chosen.items() <= own}
            own = found["metadata"]["name"]
            if matched not in ({f"Deployment/{own}"}, {f"CronJob/{own}"}):
                yield f"{_name(found)} selects the pods of {matched}"


def what_pods_name_is_there(objects: list[Object]) -> Iterator[str]:
    """ConfigMaps, ServiceAccounts and volumes of the chart; the user's own objects are named in the values."""
    made = {(found["kind"], found["metadata"]["name"]) for found in objects}
    for name, pod in pods(objects):
        spec = pod["spec"]
        wanted = {("ServiceAccount", spec["serviceAccountName"])} - {
            ("ServiceAccount", it) for it in ("default", "mine")
        }
        for _, container in _containers(objects):
            wanted |= {("ConfigMap", it["configMapRef"]["name"]) for it in container.get("envFrom", [])}
        yield from (f"{name}: no {kind} {missing}" for kind, missing in wanted - made)
        volumes = {volume["name"] for volume in spec.get("volumes", [])}
        for container in spec.get("initContainers", []) + spec["containers"]:
            mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
            yield from (f"{name}: no volume {missing}" for missing in mounted - volumes)


def one_image_by_digest(objects: list[Object]) -> Iterator[str]:
    images = {container["image"] for _, container in _containers(objects) if container["image"] != SIDECAR}
    if len(images) != 1 or not re.fullmatch(r"[^@]+@sha256:[0-9a-f]{64}", images.copy().pop()):
        yield f"{images}"


RULES: list[Rule] = [
    every_version_takes_it,
    pods_are_restricted,
    root_cannot_write,
    no_token_and_no_environment_of_others,
    nothing_is_null_or_a_fraction,
    no_two_objects_are_one,
    no_two_entries_are_one,
    objects_are_labelled_and_in_the_namespace,
    names_fit,
    the_observer_may_read_helmreleases_and_pods_and_no_more,
    pods_carry_no_version,
    selectors_find_their_pods_alone,
    what_pods_name_is_there,
    one_image_by_digest,
]


def _name(found: Object) -> str:
    return f"{found['kind']}/{found['metadata']['name']}"


def _containers(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    for name, pod in pods(objects):
        for container in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]:
            yield f"{name} {container['name']}", container


def _walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _walk(part, f"{path}.{key}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _walk(part, f"{path}[{number}]")
