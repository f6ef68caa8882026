"""What the render shows to be wrong is refused by plan and by ship alike, before anything is out.

The cases are public reports of people who release charts.
"""

import io
import random
import tarfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

import pytest

from tests.support.builders import CHART, DEPLOYMENT, VALUES, World
from tests.support.registry_stand_in import answering, says
from tests.support.scripts.everything import everything


class Case(NamedTuple):
    """The files that are other than in a chart that ships, and words of what happened and of the remedy."""

    files: Mapping[str, str | bytes]
    what: str
    remedy: str


USED = '"{{ .Values.image.repository }}@{{ .Values.image.digest }}"'
TAGGED = {
    "waybill.toml": '[image]\nrepository = "image.repository"\ntag = "image.tag"\n',
    "chart/values.yaml": VALUES.replace('digest: ""', 'tag: ""'),
}
LABEL = DEPLOYMENT.replace("{{ .Chart.AppVersion | quote }}", "{{ .Values.image.tag | trunc 63 | quote }}").replace(
    USED, '"{{ .Values.image.repository }}:{{ .Values.image.tag }}"'
)
SECOND = "        - {name: worker, image: %s}\n"
TEST_POD = """\
apiVersion: v1
kind: Pod
metadata: {name: check, annotations: {helm.sh/hook: test}}
spec: {containers: [{name: check, image: %s}]}
"""
IMAGES = "IMAGES"  # where the test's images are
DEFINITION = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: {}}\n---\n"
BUNDLED = {
    "chart/Chart.yaml": CHART.format(service="orders") + "dependencies: [{name: redis, version: 1.0.0}]\n",
    "chart/charts/redis/Chart.yaml": "{apiVersion: v2, name: redis, version: 1.0.0}",
}
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 4\n" % ("1" * 64)
NEEDS = (
    CHART.format(service="orders") + 'dependencies: [{name: redis, version: 2.0.0, repository: "https://a.example"}]\n'
)


def redis(version: str) -> bytes:
    out, text = io.BytesIO(), f"apiVersion: v2\nname: redis\nversion: {version}\n".encode()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        member = tarfile.TarInfo("redis/Chart.yaml")
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text))
    return out.getvalue()


def template(text: str) -> dict[str, str]:
    return {"chart/templates/deployment.yaml": text}


CASES = {
    "a label that holds the tag": Case(
        TAGGED | template(LABEL), 'metadata.labels."app.kubernetes.io/version" is \'', "`repository` and `digest`"
    ),
    "a number where text belongs": Case(
        template(DEPLOYMENT.replace("{{ .Values.greeting | quote }}", "{{ .Values.port }}"))
        | {"chart/values.yaml": VALUES + "port: 712025075496\n"},
        "spec.template.spec.containers.0.env.0.value is ",
        "in quotes",
    ),
    "one image in two keys": Case(
        template(DEPLOYMENT + SECOND % '"{{ .Values.image.repository }}:{{ .Values.worker }}"')
        | {"chart/values.yaml": VALUES + "worker: v1\n"},
        ":v1, while the release is ",
        "[image]",
    ),
    "one digest for two repositories": Case(
        template(DEPLOYMENT + SECOND % '"example.org/learning@{{ .Values.image.digest }}"'),
        "container worker runs example.org/learning@sha256:",
        "a tag or digest of its own",
    ),
    "a test pod alone": Case(
        template(DEPLOYMENT.replace(USED, "nginx:1")) | {"chart/templates/test.yaml": TEST_POD % USED},
        "for `helm test` alone",
        ".Values.image.digest",
    ),
    "a key that stands twice": Case(
        template(DEPLOYMENT.replace("spec:\n  selector", "spec:\n  replicas: 1\n  replicas: 2\n  selector")),
        "Deployment/orders, spec.replicas stands twice",
        "once",
    ),
    "two objects of one name": Case(
        {"chart/templates/more.yaml": DEPLOYMENT}, "is rendered by orders/templates/deployment.yaml too", "another name"
    ),
    "more than Helm can store": Case(
        {"chart/files/model.bin": random.Random(1).randbytes(900_000)},  # noqa: S311
        "files/model.bin (900,000)",
        ".helmignore",
    ),
    "a pointer of git LFS": Case(
        {"chart/files/model.bin": POINTER}, "files/model.bin is a pointer of git LFS", "git lfs"
    ),
    "a pointer in place of a template": Case(
        {"chart/templates/more.yaml": POINTER}, "templates/more.yaml is a pointer of git LFS", "git lfs"
    ),
    "a pointer in charts/": Case(
        {"chart/charts/redis-1.0.0.tgz": POINTER}, "charts/redis-1.0.0.tgz is a pointer of git LFS", "git lfs"
    ),
    "another tag in crds/": Case(
        {"chart/crds/worker.yaml": TEST_POD % "nginx:1"}, "crds/worker.yaml: object kind is not", "Correct them"
    ),
    "another tag in crds/ of a chart in it": Case(
        BUNDLED | {"chart/charts/redis/crds/worker.yaml": DEFINITION + TEST_POD.replace("test}", "a}") % f"{IMAGES}:1"},
        "orders/charts/redis/crds/worker.yaml, Pod/check, container check runs ",
        "Move it into templates/",
    ),
    "a name in crds/ that no API server takes": Case(
        BUNDLED | {"chart/charts/redis/crds/a.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: A_B}}"},
        "orders/charts/redis/crds/a.yaml, ConfigMap/A_B, metadata.name is 'A_B'",
        "Correct the template",
    ),
    "a schema that is not whole": Case(
        {"chart/values.schema.json": '{"properties": {"greeting": {"$ref": "shared.json#/text"}}}'},
        "values.schema.json takes file:///shared.json from elsewhere",
        "`$defs`",
    ),
    "a dependency of another version": Case(
        {"chart/Chart.yaml": NEEDS, "chart/charts/redis-1.0.0.tgz": redis("1.0.0")},
        "Chart.yaml says redis 2.0.0, while charts/redis is 1.0.0",
        "helm dependency update",
    ),
}


CALLER = b'{"name": "ci", "scopes": ["releases:write"], "service": null, "accepts": [1, 2]}'


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_is_refused_and_nothing_is_out(world: World, case: Case) -> None:
    files = dict(case.files)
    if "waybill.toml" in files:
        files["waybill.toml"] = (world.checkout / "waybill.toml").read_text() + str(files["waybill.toml"])
    image, before, filed = world.image(), {}, []
    repository = image.partition("@")[0]
    world.commit({path: it.replace(IMAGES, repository) if isinstance(it, str) else it for path, it in files.items()})

    def ledger(request: BaseHTTPRequestHandler) -> None:
        filed.extend([request.path] if request.command == "POST" else [])
        if request.path == "/caller":
            says(200, CALLER, Content_Type="application/json")(request)
        else:
            says(404, b'{"status": 404}', Content_Type="application/problem+json")(request)

    before = everything(world)
    with answering(ledger) as address:
        env = {"WAYBILL_LEDGER": f"http://{address}", "WAYBILL_LEDGER_TOKEN": "token"}
        for command in ("plan", "ship"):
            ran = world.waybill(command, "--json", "--image", image, env=env)
            assert (ran.code, ran.json["fault"]) == (1, "chart")
            assert case.what in ran.json["refused"]
            assert case.remedy in ran.json["remedy"]
    assert {path: data for path, data in everything(world).items() if "/.waybill/" not in path} == before
    assert filed == []


def test_what_cannot_be_known_here_is_said_and_ships(world: World) -> None:
    world.commit({"chart/templates/more.yaml": '{{ if lookup "v1" "Secret" "apps" "a" }}a: b{{ end }}'})
    ran = world.waybill("plan", "--image", world.image())
    assert ran.code == 0
    assert "Not seen here: what `lookup` finds in the cluster (orders/templates/more.yaml)" in ran.stderr
