"""All rules at once, and the refusal that tells what they found."""

import time

import pytest

from scripts.chart.files import of_folder
from scripts.chart.findings import Finding, refused
from scripts.chart.judge import Judgement, judge
from scripts.chart.manifests import read_output
from scripts.chart.unknowns import APIS
from scripts.clients.helm import Helm
from scripts.errors import Refused
from tests.support.builders import TOP
from tests.support.scripts.rendered import DIGEST, ORDERS, REPOSITORY, pod, rendered

IMAGE = f"{REPOSITORY}@{DIGEST}"


def judged(files: dict[str, bytes], *, known: tuple[str, ...] = (), **templates: str) -> Judgement:
    text = rendered(**templates)
    return judge(read_output(text), files, [ORDERS], namespace="apps", known=known, chart="orders")


def test_every_kind_of_fault_is_found_at_once() -> None:
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: A}"
    found = judged({"files/a": bytes(range(256)) * 4}, web=pod(f"{REPOSITORY}:1"), config=config).findings
    assert next(finding.where.split(",")[0] for finding in found) == "orders/templates/web.yaml"
    assert any("ConfigMap/A" in finding.where for finding in found)
    assert judged({}, web=pod(IMAGE)) == Judgement([], [], [], [])
    pointer = b"version https://git-lfs.github.com/spec/v1\n"
    assert [finding.where for finding in judged({"files/a": pointer}, web=pod(IMAGE)).findings] == ["files/a"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: [", "renders text that is not YAML"),
        ("a: b", "renders an object without a kind"),
        ("- a", "renders an object without a kind"),
        ("kind: Pod", "renders a Pod without metadata"),
    ],
)
def test_what_is_no_object_is_refused_with_its_template(text: str, what: str) -> None:
    with pytest.raises(Refused, match=f"orders/templates/web.yaml {what}"):
        judged({}, web=text)


def test_what_the_templates_ask_the_cluster_is_not_seen_here() -> None:
    files = {
        "templates/secret.yaml": b'{{- $old := (lookup "v1" "Secret" .Release.Namespace "a") }}',
        "templates/monitor.yaml": b'{{ if .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}{{ end }}',
        "templates/_helpers.tpl": b'{{/* lookup is not used */}}{{ "lookup .APIVersions" }}{{ .Values.lookup }}',
        "charts/lib/templates/a.yaml": b"{{ lookup `v1` `Pod` `` `` }}",
        "README.md": b"{{ lookup }}",
    }
    assert judged(files, web=pod(IMAGE)).unseen == [
        "what `lookup` finds in the cluster (orders/templates/secret.yaml, orders/charts/lib/templates/a.yaml)",
        "which APIs the cluster has (orders/templates/monitor.yaml)",
    ]
    assert len(judged(files, known=(APIS,), web=pod(IMAGE)).unseen) == 1


def test_a_refusal_names_the_environment_and_each_remedy_once() -> None:
    findings = [Finding(f"a.yaml, Pod/{number}, spec", "is wrong", "Correct it.") for number in range(11)]
    error = refused(findings, "staging")
    assert error.what.startswith("In staging: a.yaml, Pod/0, spec is wrong.\n")
    assert error.what.endswith("Pod/7, spec is wrong.\n3 more of the kind.")
    assert error.remedy == "Correct it."
    assert error.fault == "gitops"
    assert refused(findings[:1]).what == "a.yaml, Pod/0, spec is wrong."


def test_the_ledgers_own_chart_is_right() -> None:
    chart = TOP / "chart"
    text = Helm().template(
        chart, name="waybill", namespace="apps", values_files=[TOP / "tests/chart/scenarios/sqlite/values.yaml"]
    )
    unseen = ["which version of Kubernetes the cluster has (/Chart.yaml)"]
    assert judge(read_output(text), of_folder(chart), [], namespace="apps") == Judgement([], [], [], unseen)


def test_a_hundred_workloads_are_judged_in_well_under_a_second() -> None:
    many = {f"web{number}": pod(IMAGE, "nginx", name=f"web{number}") for number in range(100)}
    began = time.process_time()
    assert judged({}, **many).findings == []
    assert time.process_time() - began < 1
