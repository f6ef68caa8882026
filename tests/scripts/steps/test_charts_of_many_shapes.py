"""Charts as people write them: other kinds of workloads, other places for the image, other YAML. Each is released, and
the container runs the image; nothing else of values.yaml changes."""

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.chart.containers import containers_of
from scripts.chart.renderer import Renderer
from scripts.image.reference import parse
from scripts.steps.bump import Choice, bump
from scripts.steps.package import package
from tests.support.builders import World
from tests.support.release import checkout

POD = "containers: [{name: web, image: {{ IMAGE | quote }}}]"
SELECTED = "selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {POD}}"
WORKLOADS = {
    "Deployment": f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec: {{{SELECTED}}}\n",
    "StatefulSet": f"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: web}}\nspec: {{{SELECTED}}}\n",
    "DaemonSet": f"apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: web}}\nspec: {{{SELECTED}}}\n",
    "CronJob": "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: web}\n"
    "spec: {schedule: '0 4 * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, POD}}}}}\n",
    "Job, a hook": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: web, annotations: {helm.sh/hook: pre-upgrade}}\n"
    "spec: {template: {spec: {restartPolicy: Never, POD}}}\n",
    "a List": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n"
    f"  metadata: {{name: web}}\n  spec: {{{SELECTED}}}\n",
    "an init container": "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
    "spec: {initContainers: [{name: a, image: {{ IMAGE | quote }}}], containers: [{name: b, image: 'c:1'}]}\n",
    "someone's own kind": "apiVersion: example.org/v1\nkind: Cluster\nmetadata: {name: web}\nspec: {pods: [{POD}]}\n",
}
# [image], values.yaml, and what a template makes of it. %s is `.Values` or a subchart's key in it.
KEYS = {
    "a digest": (
        'repository = "%simage.repository"\ndigest = "%simage.digest"\n',
        {"image": {"repository": "none", "digest": "", "pullPolicy": "Always"}},
        '(printf "%s@%s" .Values.image.repository .Values.image.digest)',
    ),
    "one reference": ('reference = "%simage"\n', {"image": "nginx:1.29"}, ".Values.image"),
    "a tag": (
        'repository = "%sweb.image"\ntag = "%sweb.version"\n',
        {"web": {"replicas": 2, "image": "none", "version": None}},
        '(printf "%s:%s" .Values.web.image (.Values.web.version | default .Chart.AppVersion))',
    ),
    "a registry of its own": (
        'registry = "%simage.registry"\nrepository = "%simage.name"\ndigest = "%simage.digest"\n',
        {"image": {"registry": "quay.io", "name": "none", "digest": "sha256:0"}},
        '(printf "%s/%s@%s" .Values.image.registry .Values.image.name .Values.image.digest)',
    ),
    "an item of a list": (
        'reference = "%sall.1.image"\n',
        {"all": [{"image": "a:1"}, {"name": "web", "image": "b:1"}]},
        "(index .Values.all 1).image",
    ),
}
DRESSES: dict[str, Callable[[dict[str, Any]], str]] = {
    "blocks": lambda values: "# Ours.\n" + yaml.safe_dump(values),
    "flow": lambda values: yaml.safe_dump(values, default_flow_style=True, width=10_000),
    "CRLF": lambda values: yaml.safe_dump(values, indent=4).replace("\n", "\r\n"),
    "BOM and quotes": lambda values: "\ufeff" + yaml.safe_dump(values, default_style='"'),
    "no last line end": lambda values: "---\n" + yaml.safe_dump(values, default_style="'").rstrip("\n"),
    "anchors elsewhere": lambda values: (
        "other: &other {a: 1}\nagain: *other\n" + yaml.safe_dump(values) + "emoji: 🚢 # c\n"
    ),
}
LAYOUTS = ("in the template", "in a named template", "in a subchart")
FULL = list(itertools.product(WORKLOADS, KEYS, DRESSES, LAYOUTS))
# Every workload, and with them every key, dress and layout, in turn.
SOME = [
    (workload, [*KEYS][n % len(KEYS)], [*DRESSES][n % len(DRESSES)], LAYOUTS[n % len(LAYOUTS)])
    for n, workload in enumerate(WORKLOADS)
]


def chart(workload: str, keys: str, dress: str, layout: str) -> tuple[str, dict[str, str]]:
    """The text of [image], and the files of the chart."""
    table, values, image = KEYS[keys]
    named = layout == "in a named template"
    template = WORKLOADS[workload].replace("POD", POD).replace("IMAGE", 'include "image" .' if named else image)
    files = {"templates/web.yaml": template, "Chart.yaml": "apiVersion: v2\nname: orders\nversion: 1.2.3\n"}
    if named:
        files["templates/_helpers.tpl"] = f'{{{{- define "image" }}}}{{{{ {image} }}}}{{{{ end -}}}}\n'
    if layout == "in a subchart":
        files["Chart.yaml"] += "dependencies: [{name: web, version: 0.1.0}]\n"
        files["charts/web/Chart.yaml"] = "apiVersion: v2\nname: web\nversion: 0.1.0\n"
        files["charts/web/templates/web.yaml"] = files.pop("templates/web.yaml")
        values = {"web": values}
    files["values.yaml"] = DRESSES[dress](values)
    return table.replace("%s", "web." if layout == "in a subchart" else ""), files


@pytest.mark.parametrize("shape", FULL if os.environ.get("WAYBILL_TORTURE") else SOME, ids=", ".join)
def test_a_chart_of_this_shape_is_released(tmp_path: Path, registry: str, shape: tuple[str, str, str, str]) -> None:
    table, files = chart(*shape)
    world = World(tmp_path, registry, settings=f"[image]\n{table}")
    for name in ("chart/values.yaml", "chart/templates/deployment.yaml"):
        (world.checkout / name).unlink()
    world.commit({f"chart/{name}": text for name, text in files.items()})
    image, here = parse(world.image()), checkout(world, tmp_path)
    waybill = package(bump(Choice({here.config.service: image}), here), here)
    rendered = Renderer(None).render(tmp_path / "orders-1.2.3.tgz", name="x", namespace="y")
    names = [it.image for it in containers_of(rendered.manifests)]
    assert any(name.startswith(image.repository) and name.endswith(image.digest) for name in names), rendered.text
    released = here.git.blob(str(waybill.source.release_commit), "chart/values.yaml") or b""
    before = files["values.yaml"].encode().splitlines(keepends=True)
    changed = [line for line, old in zip(released.splitlines(keepends=True), before, strict=True) if line != old]
    assert len(changed) <= 3
    assert released.count(b"\r\n") == files["values.yaml"].count("\r\n")
