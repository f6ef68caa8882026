"""Each refusal names template, object, field and value, and a remedy that fits the cause."""

import pytest

from scripts.chart.api import rules
from scripts.chart.findings import Finding
from scripts.chart.manifests import manifests
from tests.support.scripts.rendered import DIGEST, pod, rendered


def findings(**templates: str) -> list[Finding]:
    return list(rules.findings(manifests(rendered(**templates)), "apps"))


def only(**templates: str) -> Finding:
    [finding] = findings(**templates)
    return finding


def config_map(metadata: str = "{name: orders}", rest: str = "") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\n{rest}"


@pytest.mark.parametrize("length", [76, 63])
def test_a_tag_with_a_digest_in_a_label(length: int) -> None:
    tag = f"efbc18d20baa@{DIGEST}"[:length]
    finding = only(config=config_map(f'{{name: orders, labels: {{app.kubernetes.io/version: "{tag}"}}}}'))
    assert (
        finding.where == 'orders/templates/config.yaml, ConfigMap/orders, metadata.labels."app.kubernetes.io/version"'
    )
    assert tag in finding.what
    assert "`repository` and `digest`" in finding.remedy
    assert "`repository` and `digest`" in finding.remedy


@pytest.mark.parametrize("commit", ["712025075496", "00e000000012", "0x1234567890", "1_0", "yes"])
def test_a_commit_that_is_a_number_where_text_belongs(commit: str) -> None:
    finding = only(config=config_map(f"{{name: orders, labels: {{app.kubernetes.io/version: {commit}}}}}"))
    assert "text belongs there" in finding.what
    assert "{{ .Chart.AppVersion | quote }}" in finding.remedy


@pytest.mark.parametrize("commit", ["804e37797070", "efbc18d20baa", "'712025075496'", "2026-01-02"])
def test_a_commit_that_is_text(commit: str) -> None:
    assert findings(config=config_map(f"{{name: orders, labels: {{app.kubernetes.io/version: {commit}}}}}")) == []


def test_a_number_in_a_variable_an_argument_and_a_config_map() -> None:
    job = """
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: nightly}
        spec:
          schedule: "@daily"
          jobTemplate:
            spec:
              template:
                spec:
                  containers: [{name: a, image: b, args: [1], env: [{name: A, value: true}]}]
        """
    path = "spec.jobTemplate.spec.template.spec.containers.0"
    found = findings(job=job, config=config_map(rest="data: {port: 80}"))
    assert {finding.where.rpartition(", ")[2] for finding in found} == {
        f"{path}.args.0",
        f"{path}.env.0.value",
        "data.port",
    }


def test_the_value_of_a_secret_is_not_shown() -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {pin: 1234567}\ndata: {key: geheim!}\n"
    told = " ".join(str(finding) for finding in findings(secret=secret))
    assert "stringData.pin" in told
    assert "no base64" in told
    assert "1234567" not in told
    assert "geheim" not in told


def test_a_key_that_stands_twice() -> None:
    finding = only(config=config_map(rest='data:\n  a: "1"\n  b: "2"\n  a: "3"\n'))
    assert finding.where.endswith("ConfigMap/orders, data.a")
    assert "line 7" in finding.what


def test_two_objects_of_one_name() -> None:
    found = findings(one=config_map(), two=config_map("{name: orders, namespace: apps}"))
    assert [finding.where for finding in found] == ["orders/templates/two.yaml, ConfigMap/orders"]
    assert "orders/templates/one.yaml" in found[0].what
    assert findings(one=config_map(), two=config_map("{name: orders, namespace: other}")) == []
    hook = '{name: orders, annotations: {"helm.sh/hook": pre-install}}'
    assert findings(one=config_map(hook), two=config_map(hook), three=config_map()) == []


def test_names_inside_an_object_are_unique() -> None:
    ports = "{name: a, port: 1}, {name: a, port: 2}"
    service = f"apiVersion: v1\nkind: Service\nmetadata: {{name: o}}\nspec: {{ports: [{ports}]}}"
    assert "a second time" in only(service=service).what
    assert "several ports" in only(service=service.replace("{name: a, port: 1}", "{port: 1}")).what
    twice = pod("nginx", "redis").replace("name: c1", "name: c0")
    assert only(pod=twice).where.endswith("spec.containers.1.name")


def test_a_selector_that_misses_its_own_pods() -> None:
    text = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: orders}
        spec:
          selector: {matchLabels: {app: orders, version: "2"}}
          template:
            metadata: {labels: {app: orders, version: "1"}}
            spec: {containers: [{name: a, image: b}]}
        """
    assert "version=2" in only(deployment=text).what
    assert "selects nothing" in only(deployment=text.replace('{matchLabels: {app: orders, version: "2"}}', "{}")).what
    expressions = "{matchExpressions: [{key: app, operator: NotIn, values: [orders]}]}"
    assert "app NotIn" in only(deployment=text.replace('{matchLabels: {app: orders, version: "2"}}', expressions)).what


def test_too_much_for_one_object() -> None:
    assert "1,048,576" in only(config=config_map(rest=f"data: {{a: {'x' * 1048577}}}")).what
    assert findings(config=config_map(rest=f"data: {{a: {'x' * 1048575}}}")) == []
    annotations = f"{{name: orders, annotations: {{a: {'x' * 262144}}}}}"
    assert "262,144" in only(config=config_map(annotations)).what


def test_what_is_missing() -> None:
    found = findings(config="kind: ConfigMap\nmetadata: {labels: {a: b}}\n")
    assert [finding.where.rpartition(", ")[2] for finding in found] == ["apiVersion", "metadata.name"]


def test_objects_in_a_list_are_judged_too() -> None:
    text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: A}}\n"
    assert only(list=text).where == "orders/templates/list.yaml, ConfigMap/A, metadata.name"
