"""What a render cannot know, as templates ask for it: however they name it, also in a text that `tpl` runs."""

import pytest

from scripts.chart import workloads
from scripts.chart.manifests import RenderedObject
from scripts.chart.unknowns import APIS, VERSION, unseen


def test_what_templates_ask() -> None:
    asked = {
        "{{ .Capabilities.KubeVersion.Minor }}": VERSION,
        "{{ if .Release.IsUpgrade }}{{ end }}": "whether Helm installs or upgrades",
        "{{ randAlphaNum 8 | b64enc }}": "what is random, or hangs on the time",
        "{{ $ca := genCA `a` 1 }}": "what is random, or hangs on the time",
        "{{ now | date `2006` }}": "what is random, or hangs on the time",
        '{{ has "a/v1" (index .Capabilities "APIVersions") }}': APIS,
        "{{ $c := .Capabilities }}{{ $c.APIVersions.Has `a/v1` }}": APIS,
        "{{ with .Capabilities }}{{ .APIVersions.Has `a/v1` }}{{ end }}": APIS,
        '{{ index $ "Capabilities" "KubeVersion" "Minor" }}': VERSION,
        '{{ (index $ "Capabilities").KubeVersion }}': VERSION,
        "{{ .Capabilities.HelmVersion.Version }}": "which version of Helm Flux has",
        '{{ get .Release "IsUpgrade" }}': "whether Helm installs or upgrades",
        "{{ with .Release }}{{ .Revision }}{{ end }}": "whether Helm installs or upgrades",
        "{{ toYaml .Release }}": "whether Helm installs or upgrades",
        '{{ tpl "{{ lookup `v1` `Pod` `` `` }}" . }}': "what `lookup` finds in the cluster",
        '{{ $a := "{{ lookup \\"v1\\" \\"Pod\\" `` `` }}" }}{{ tpl $a . }}': "what `lookup` finds in the cluster",
    }
    for text, what in asked.items():
        assert unseen({"templates/a.yaml": text.encode()}, "orders") == [f"{what} (orders/templates/a.yaml)"]
    both = [f"{what} (orders/templates/a.yaml)" for what in (APIS, VERSION)]
    assert unseen({"templates/a.yaml": b"{{ .Capabilities | toJson }}"}, "orders") == both
    for text in (
        *("{{ .Values.now }}", "{{ $now }}", '{{ "now" }}', "{{ .Values.image.tag }}", "{{ .Release.Name | quote }}"),
        *(
            '{{ printf "{{ lookup }}" }}',
            '{{ dict "Release" .Release }}',
            "{{ .Values.git.Revision }}",
            "{{ tpl `now` . }}",
        ),
    ):
        assert unseen({"templates/a.yaml": text.encode()}, "orders") == []
    assert unseen({"templates/a.yaml": b"{{ .Capabilities.KubeVersion }}"}, "orders", known=(VERSION,)) == []


def test_the_order_of_a_mapping_s_keys_is_random_unless_it_is_sorted_or_does_not_count() -> None:
    random = ["what is random, or hangs on the time (orders/templates/a.yaml)"]
    for text in ('{{ keys .Values.a | join "," }}', "{{ range values .Values.a }}{{ . }}{{ end }}"):
        assert unseen({"templates/a.yaml": text.encode()}, "orders") == random
    for text in (
        *("{{ keys .Values.a | sortAlpha | first }}", "{{ $k := keys .Values.a }}{{ range sortAlpha $k }}{{ end }}"),
        '{{ $names := include "a" . | fromYaml | keys }}{{ if has "b" $names }}{{ end }}',
        *('{{ if has "b" (keys .Values.a) }}{{ end }}', "{{ len (keys .Values.a) }}", "{{ .keys }}{{ $values }}"),
        "{{ range $k, $v := .Values.keys }}{{ $k }}{{ end }}",
    ):
        assert unseen({"templates/a.yaml": text.encode()}, "orders") == []


def test_the_versions_of_kubernetes_that_a_chart_allows_are_the_cluster_s_to_judge() -> None:
    files = {"Chart.yaml": b'kubeVersion: ">=1.30.0-0"\n', "charts/a/Chart.yaml": b"kubeVersion: '>9'\n"}
    assert unseen(files, "orders") == [f"{VERSION} (orders/Chart.yaml)"]
    assert unseen(files, "orders", known=(VERSION,)) == []
    assert unseen({"Chart.yaml": b"# kubeVersion: 1\nkubeVersion: ''\n"}, "orders") == []


def test_values_that_a_template_runs_may_ask_too() -> None:
    files = {"templates/a.yaml": b"{{ tpl .Values.a . }}", "values.yaml": b"a: '{{ lookup \"v1\" `Pod` `` `` }}'\n"}
    assert unseen(files, "orders") == ["what `lookup` finds in the cluster (orders/values.yaml)"]
    assert unseen(files | {"templates/a.yaml": b"{{ .Values.a }}"}, "orders") == []
    assert len(unseen(files | {"README.md": b"{{ lookup }}"}, "orders")) == 1


def test_other_files_and_the_environments_values_that_a_template_runs_may_ask_too() -> None:
    files = {"templates/a.yaml": b'{{ tpl (.Files.Get "a.txt") . }}', "a.txt": b"{{ lookup `v1` `Pod` `` `` }}"}
    assert unseen(files, "orders") == ["what `lookup` finds in the cluster (orders/a.txt)"]
    files = {"templates/a.yaml": b"{{ tpl .Values.a . }}"}
    what = "what `lookup` finds in the cluster (values of the HelmRelease)"
    assert unseen(files, "orders", values={"a": ['{{ and "x" (lookup "v1" "Pod" "" "") }}']}) == [what]


@pytest.mark.parametrize(
    "hidden",
    [
        """{{ if and (eq '"' 34) (lookup "v1" "Secret" "a" "b") }}{{ print "x" }}{{ end }}""",
        """{{ if and "}}" (lookup "v1" "Secret" "a" "b") }}x{{ end }}""",
        """{{/* it's {{ ` */}}{{ lookup `v1` `Secret` `a` `b` }}""",
        """{{- /* " */ -}}{{ lookup "v1" "Secret" "a" "b" }}""",
    ],
)
def test_no_quote_hides_what_a_template_asks(hidden: str) -> None:
    told = ["what `lookup` finds in the cluster (orders/templates/a.yaml)"]
    assert unseen({"templates/a.yaml": hidden.encode()}, "orders") == told


@pytest.mark.parametrize(
    ("hooks", "told"),
    [
        ("pre-install", ["whether Job/a runs: Helm runs it only with an install"]),
        ("pre-upgrade, post-upgrade, test", ["whether Job/a runs: Helm runs it only with an upgrade"]),
        ("pre-install,post-upgrade", []),
        ("test", []),
    ],
)
def test_a_hook_of_the_first_installation_or_of_later_ones_alone(hooks: str, told: list[str]) -> None:
    metadata = {"name": "a", "annotations": {"helm.sh/hook": hooks}}
    job = RenderedObject("a.yaml", {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {}})
    assert list(workloads.unseen([job])) == told
