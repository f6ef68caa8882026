"""An image that something else than a container runs is judged where waybill.toml says so, and found where it does
not."""

from typing import Any

import pytest

from scripts.chart.findings import Finding
from scripts.chart.images import Released, findings, warnings
from scripts.chart.manifests import manifests
from scripts.errors import Refused
from scripts.image.blocks import parse
from tests.support.builders import World
from tests.support.scripts.everything import everything
from tests.support.scripts.rendered import DIGEST, OTHER, REPOSITORY, pod, rendered

IMAGE, OLD = f"{REPOSITORY}@{DIGEST}", f"{REPOSITORY}:v1"
WORKFLOW = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: nightly}
spec: {templates: [{name: a, container: {image: "%s"}}, {name: b, script: {image: "busybox:1"}}]}
"""


def orders(*at: dict[str, Any]) -> Released:
    table = {"repository": "image.repository", "digest": "image.digest", "at": list(at)}
    return Released("orders", REPOSITORY, DIGEST, parse(table, "orders"))


def judged(*at: dict[str, Any], **templates: str) -> list[Finding]:
    return list(findings(manifests(rendered(**templates)), [orders(*at)]))


PLACES = {
    "a workflow": ("Workflow", "spec.templates.*.container.image", WORKFLOW),
    "one of a list": ("Workflow", "spec.templates.0.container.image", WORKFLOW),
    "an array": ("Workflow", ["spec", "templates", "*", "container", "image"], WORKFLOW),
    "a map of any keys": (
        "Thing",
        "spec.*.image",
        "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: a}\nspec: {web: {image: '%s'}, n: 1}",
    ),
    "a key with a dot": (
        "Thing",
        ["spec", "a.b"],
        "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: a}\nspec: {a.b: '%s'}",
    ),
    "an argument": (
        "Deployment",
        "spec.template.spec.containers.*.args.*",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: "
        "[{name: operator, image: 'operator:1', args: [--level=5, --worker-image=%s]}]}}}",
    ),
    "an environment variable": (
        "Deployment",
        "spec.template.spec.containers.*.env.*.value",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: "
        "[{name: operator, image: 'operator:1', env: [{name: A, value: '3'}, {name: WORKER, value: '%s'}]}]}}}",
    ),
    "a volume": (
        "Pod",
        "spec.volumes.*.image.reference",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'b:1'}], "
        "volumes: [{name: m, image: {reference: '%s'}}]}",
    ),
}


@pytest.mark.parametrize(("kind", "path", "text"), PLACES.values(), ids=PLACES)
def test_a_place_that_is_named_is_judged(kind: str, path: Any, text: str) -> None:
    at = {"kind": kind, "path": path}
    assert judged(at, a=text % IMAGE) == []
    for image in (OLD, f"{REPOSITORY}@{OTHER}"):
        [finding] = judged(at, a=text % image)
        assert finding.where.startswith(f"orders/templates/a.yaml, {kind}/")
        assert image in finding.what
    [finding] = judged(at, a=text % f"ghcr.io/acme/learning@{DIGEST}")
    assert "under another repository" in finding.what


@pytest.mark.parametrize(("kind", "path", "text"), PLACES.values(), ids=PLACES)
def test_an_image_that_stands_only_there_is_refused_with_kind_and_path_filled_in(
    kind: str, path: Any, text: str
) -> None:
    import tomllib

    [finding] = judged(a=text % IMAGE)
    assert "it stands only at orders/templates/a.yaml" in finding.what
    told = tomllib.loads(finding.remedy.partition("waybill.toml: ")[2].rstrip("."))["at"]
    assert told["kind"] == kind
    assert judged(told, a=text % IMAGE) == []


def test_the_parts_of_an_image_may_stand_beside_each_other() -> None:
    text = (
        "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: a}\n"
        "spec: {image: {repository: %s, tag: c0ffee, digest: '%s'}}"
    )
    at = {"kind": "Thing", "path": "spec.image"}
    assert judged(at, a=text % (REPOSITORY, DIGEST)) == []
    assert len(judged(at, a=text % (REPOSITORY, OTHER))) == 1
    [finding] = judged(a=text % (REPOSITORY, DIGEST))
    assert 'at = {kind = "Thing", path = "spec.image"}' in finding.remedy
    assert len(judged(web=pod(IMAGE), a=text % (REPOSITORY, OTHER))) == 1


def test_another_build_beside_a_container_that_runs_the_right_one() -> None:
    """Where the key says that it is an image, it is refused; anywhere else it is said."""
    [finding] = judged(web=pod(IMAGE), a=WORKFLOW % OLD)
    assert OLD in finding.what
    assert judged(web=pod(IMAGE), a=WORKFLOW % IMAGE) == []
    operator = PLACES["an environment variable"][2] % OLD
    assert judged(web=pod(IMAGE), a=operator) == []
    [warning] = warnings(manifests(rendered(web=pod(IMAGE), a=operator)), [orders()])
    assert OLD in warning
    assert 'at = {kind = "Deployment", path = "spec.template.spec.containers.*.env.*.value"}' in warning
    assert list(warnings(manifests(rendered(web=pod(IMAGE), a=PLACES["an argument"][2] % IMAGE)), [orders()])) == []


MANIFEST = """
apiVersion: v1
kind: ConfigMap
metadata: {name: agents}
data:
  pod.yaml: |
    apiVersion: v1
    kind: Pod
    spec: {containers: [{name: agent, image: %s}], command: [sh]}
    # REPOSITORY is pulled each night.
"""
LONGER = {
    "a manifest": MANIFEST.replace("REPOSITORY", REPOSITORY),
    "a manifest in JSON": MANIFEST.replace("image: %s", '"image":"%s","imagePullPolicy":"Always"'),
    "a script": MANIFEST.replace("command: [sh]", "x: y}, {run: docker run --rm docker://%s nightly").replace(
        "image: %s}", "image: 'busybox:1'}"
    ),
    "a list": MANIFEST.replace("command: [sh]", "prepull: 'busybox:1,%s,alpine'").replace("image: %s}", "a: b}"),
    "an end of a sentence": MANIFEST.replace("image: %s", "image: a").replace("REPOSITORY is", "%s."),
}


@pytest.mark.parametrize("text", LONGER.values(), ids=LONGER)
def test_a_longer_text_may_name_an_image_too(text: str) -> None:
    for image in (OLD, f"{REPOSITORY}@{OTHER}"):
        assert judged(web=pod(IMAGE), a=text % image) == []
        [warning] = warnings(manifests(rendered(web=pod(IMAGE), a=text % image)), [orders()])
        assert f"names {image}, which" in warning
        assert 'at = {kind = "ConfigMap", path = ["data", "pod.yaml"]}' in warning
        [finding] = judged({"kind": "ConfigMap", "path": ["data", "pod.yaml"]}, web=pod(IMAGE), a=text % image)
        assert image in finding.what
    assert list(warnings(manifests(rendered(web=pod(IMAGE), a=text % IMAGE)), [orders()])) == []
    [finding] = judged(a=text % IMAGE)
    assert "it stands only at" in finding.what
    assert judged({"kind": "ConfigMap", "path": ["data", "pod.yaml"]}, a=text % IMAGE) == []


def test_metadata_and_plain_repositories_run_nothing() -> None:
    noted = (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, annotations: {{image: '{OLD}'}}}}\n"
        f"data: {{r: {REPOSITORY}}}"
    )
    assert judged(web=pod(IMAGE), a=noted) == []
    assert list(warnings(manifests(rendered(web=pod(IMAGE), a=noted)), [orders()])) == []


@pytest.mark.long
def test_a_chart_without_containers_ships_once_the_place_is_named(world: World) -> None:
    workflow = WORKFLOW % "{{ .Values.image.repository }}@{{ .Values.image.digest }}"
    world.commit({"chart/templates/deployment.yaml": workflow})
    image, before = world.image(), everything(world)
    for command in ("plan", "ship"):
        ran = world.waybill(command, "--json", "--image", image)
        assert ran.code == 1, ran.stdout
    told = ran.json["remedy"].partition("waybill.toml: ")[2].rstrip(".")
    assert told == 'at = {kind = "Workflow", path = "spec.templates.*.container.image"}'
    changed = {path for path, data in everything(world).items() if before.get(path) != data}
    assert all(path.startswith(str(world.checkout)) for path in changed)
    keys = 'repository = "image.repository"\ndigest = "image.digest"'
    toml = (world.checkout / "waybill.toml").read_text()
    world.commit({"waybill.toml": f"{toml}[[image]]\n{keys}\n{told}\n"})
    assert world.ship(image)["chart"]["version"] == "0.1.0"


def test_a_place_that_matches_nothing_is_refused() -> None:
    for at in ({"kind": "Workflow", "path": "spec.image"}, {"kind": "CronWorkflow", "path": "spec.*"}):
        [finding] = judged(at, web=pod(IMAGE), a=WORKFLOW % IMAGE)
        assert "renders no image there" in finding.what
        assert at["kind"] in finding.what


@pytest.mark.parametrize(
    "at",
    ["x", [1], {"kind": "A"}, {"kind": 1, "path": "a"}, {"kind": "A", "path": ""}, {"kind": "A", "path": "a", "b": 1}],
)
def test_other_tables_are_refused(at: Any) -> None:
    with pytest.raises(Refused) as refused:
        parse({"reference": "a", "at": at}, "orders")
    assert "at" in refused.value.what
