"""What cannot be known on this machine, and an environment that could not be judged, is said on every path: while it
works, in the result as table and as JSON, and in the proposal's body."""

import os
import shutil
from pathlib import Path

import pytest

from scripts.chart.unknowns import APIS, VERSION, unseen
from tests.support.builders import DEPLOYMENT, World, git, program

RELEASE = "apps/orders/staging/release.yaml"
KUSTOMIZATION = "apps/orders/staging/kustomization.yaml"


def edited(world: World, path: str, more: str) -> None:
    """Somebody merges what is proposed, and appends `more` to a file of the GitOps repo."""
    git(world.reviewed, "fetch", "--quiet", "origin")
    git(world.reviewed, "merge", "--quiet", "--no-edit", "origin/apps/orders")
    with (world.reviewed / path).open("a") as file:
        file.write(more)
    git(world.reviewed, "commit", "--quiet", "--all", "--message", "Ours")
    git(world.reviewed, "push", "--quiet", "origin", "HEAD:main")


def body(world: World) -> str:
    return Path(world.checkout, ".waybill/orders.md").read_text()


@pytest.fixture
def shipped(world: World) -> World:
    world.ship(world.image())
    return world


def test_an_environment_that_cannot_be_rendered_is_not_judged_and_that_is_said(shipped: World) -> None:
    edited(shipped, "apps/orders/staging/kustomization.yaml", "components: [nowhere.yaml]\n")
    image = shipped.image("two")
    for command in ("plan", "ship"):
        ran = shipped.waybill(command, "--json", "--image", image)
        assert ran.code == 0, ran.stderr
        assert "nowhere.yaml" in ran.json["not_judged"]["staging"]
        assert ran.stderr.count("warning: staging is not judged: ") == 1
        table = shipped.waybill(command, "--image", image).stdout
        assert "not judged" in table
        assert "staging: " in table
    assert "**Not judged:** " in body(shipped)
    ran = shipped.waybill("propose", "--json")
    assert "nowhere.yaml" in ran.json["not_judged"]["staging"]


def test_what_is_known_again_is_judged(shipped: World) -> None:
    """kustomize fails once."""
    there = shutil.which("kustomize")
    program(
        shipped.folder / "bin",
        "kustomize",
        f'mkdir {shipped.folder}/$(basename $PWD)-failed 2>/dev/null && exit 1; exec {there} "$@"',
    )
    path = f"{shipped.folder / 'bin'}:{os.environ['PATH']}"
    ran = shipped.waybill("ship", "--json", "--image", shipped.image("two"), env={"PATH": path})
    assert ran.code == 0, ran.stderr
    assert "staging is not judged" in ran.stderr
    assert "not_judged" not in ran.json
    assert "Not judged" not in body(shipped)


def test_what_the_cluster_adds_is_listed_once(shipped: World) -> None:
    shipped.commit({"chart/templates/more.yaml": '{{ if lookup "v1" "Secret" "a" "b" }}a: b{{ end }}'})
    edited(shipped, RELEASE, "  valuesFrom: [{kind: ConfigMap, name: more}]\n  commonMetadata: {labels: {a: b}}\n")
    cluster = "clusters/staging/orders.yaml"
    edited(shipped, cluster, "  postBuild: {substitute: {a: b}}\n  images: [{name: a, newTag: b}]\n")
    told = [
        f"what postBuild and images in {cluster} changes",
        "values from ConfigMap more",
        "what commonMetadata of the HelmRelease changes",
        "what `lookup` finds in the cluster (orders/templates/more.yaml)",
    ]
    image = shipped.image("two")
    for command in ("plan", "ship"):
        ran = shipped.waybill(command, "--json", "--image", image)
        assert sorted(ran.json["not_seen"]) == sorted(told), ran.stderr
        assert "not_judged" not in ran.json
        for what in told:
            assert ran.stderr.count(f"Not seen here: {what}.") == 1
    listed = [line for line in body(shipped).splitlines() if line.startswith("- Not seen here: ")]
    assert len(listed) == len(told)


def test_values_files_of_the_chart_are_not_seen(shipped: World) -> None:
    git(shipped.reviewed, "merge", "--quiet", "--no-edit", "origin/apps/orders")
    release = (
        (shipped.reviewed / RELEASE).read_text().replace("    spec:\n", "    spec:\n      valuesFiles: [a.yaml]\n", 1)
    )
    (shipped.reviewed / RELEASE).write_text(release)
    edited(shipped, RELEASE, "")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    assert ran.json["not_seen"] == ["values files in the chart, a.yaml"]


def test_a_kustomization_that_lies_elsewhere_is_not_seen(shipped: World) -> None:
    edited(shipped, RELEASE, "# ours\n")
    git(shipped.reviewed, "rm", "--quiet", "clusters/staging/orders.yaml")
    git(shipped.reviewed, "commit", "--quiet", "--message", "It lies in another repo")
    git(shipped.reviewed, "push", "--quiet", "origin", "HEAD:main")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    where = "which is not in the GitOps repo"
    assert ran.json["not_seen"] == [f"the Flux Kustomization that applies apps/orders/staging, {where}"]


def test_apis_that_the_settings_name_are_known(world: World) -> None:
    monitor = '{{ if .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}\n'
    world.commit(
        {
            "chart/templates/more.yaml": monitor
            + DEPLOYMENT.replace(".Release.Name }}\n", ".Release.Name }}-more\n", 1)
            + "{{ end }}"
        }
    )
    image = world.image()
    ran = world.waybill("plan", "--json", "--image", image)
    assert ran.json["not_seen"] == [f"{APIS} (orders/templates/more.yaml)"]
    assert "2 objects" not in ran.json["difference"]
    env = {"WAYBILL_API_VERSIONS": "example.org/v1,monitoring.coreos.com/v1"}
    ran = world.waybill("plan", "--json", "--image", image, env=env)
    assert "not_seen" not in ran.json
    assert "2 objects" in ran.json["difference"]


def test_what_templates_ask() -> None:
    asked = {
        "{{ .Capabilities.KubeVersion.Minor }}": VERSION,
        "{{ if .Release.IsUpgrade }}{{ end }}": "whether Helm installs or upgrades",
        "{{ randAlphaNum 8 | b64enc }}": "what is random, or hangs on the time",
        "{{ $ca := genCA `a` 1 }}": "what is random, or hangs on the time",
        "{{ now | date `2006` }}": "what is random, or hangs on the time",
    }
    for text, what in asked.items():
        assert unseen({"templates/a.yaml": text.encode()}, "orders") == [f"{what} (orders/templates/a.yaml)"]
    for text in ("{{ .Values.now }}", "{{ $now }}", '{{ "now" }}', "{{ .Values.image.tag }}", "{{ .Release.Name }}"):
        assert unseen({"templates/a.yaml": text.encode()}, "orders") == []
    assert unseen({"templates/a.yaml": b"{{ .Capabilities.KubeVersion }}"}, "orders", known=(VERSION,)) == []


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


def test_what_is_suspended_or_has_no_replicas_is_said(shipped: World) -> None:
    shipped.commit({"chart/templates/deployment.yaml": DEPLOYMENT.replace("spec:\n", "spec:\n  replicas: 0\n", 1)})
    edited(shipped, RELEASE, "  suspend: true\n  upgrade: {disableHooks: true}\n")
    edited(shipped, "clusters/staging/orders.yaml", "  suspend: true\n")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    assert sorted(ran.json["not_seen"]) == [
        "hooks, which upgrade.disableHooks of the HelmRelease leaves out",
        "when Deployment/orders runs: it has 0 replicas",
        "when Flux applies it: clusters/staging/orders.yaml is suspended",
        "when Flux applies it: the HelmRelease is suspended",
    ]


@pytest.mark.parametrize(
    ("spec", "where"),
    [
        ("postRenderers: [null]", "spec.postRenderers.0"),
        ("postRenderers: a", "spec.postRenderers"),
        ("postRenderers: [{kustomize: {images: [a]}}]", "spec.postRenderers.0.kustomize.images.0"),
        ("valuesFrom: [a]", "spec.valuesFrom.0"),
    ],
)
def test_a_helmrelease_that_flux_cannot_read_is_not_judged(shipped: World, spec: str, where: str) -> None:
    edited(shipped, RELEASE, f"  {spec}\n")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    assert ran.code == 0, ran.stderr
    assert ran.json["not_judged"]["staging"].startswith(f"{where} of HelmRelease orders is no ")


def test_a_chart_that_flux_looks_for_elsewhere_is_not_seen(shipped: World) -> None:
    patch = "{kind: HelmRepository, metadata: {name: orders}, spec: {url: oci://mirror.example.org/a}}"
    edited(shipped, KUSTOMIZATION, f"  - {{target: {{kind: HelmRepository}}, patch: '{patch}'}}\n")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    assert ran.code == 0, ran.stderr
    (told,) = ran.json["not_seen"]
    assert told.startswith("whether mirror.example.org/a/orders, where Flux looks for the chart, has the one that lies")
