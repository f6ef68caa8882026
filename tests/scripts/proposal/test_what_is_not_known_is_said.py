"""What cannot be known on this machine, and an environment that could not be judged, is said on every path: while it
works, in the result as table and as JSON, and in the proposal's body."""

import os
import shutil
from pathlib import Path

import pytest

from scripts.chart.unknowns import APIS
from tests.support.builders import DEPLOYMENT, World, git, program

pytestmark = pytest.mark.long

RELEASE = "apps/orders/staging/release.yaml"
KUSTOMIZATION = "apps/orders/staging/kustomization.yaml"
PARENT = "clusters/staging/flux-system/sync.yaml"
PATCHED = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"
    "spec: {path: ./clusters/staging, patches: [{}]}\n"
)


def edited(world: World, path: str, more: str) -> None:
    """Somebody merges what is proposed, and appends `more` to a file of the GitOps repo."""
    git(world.reviewed, "fetch", "--quiet", "origin")
    git(world.reviewed, "merge", "--quiet", "--no-edit", "origin/apps/orders")
    with (world.reviewed / path).open("a") as file:
        file.write(more)
    git(world.reviewed, "commit", "--quiet", "--all", "--allow-empty", "--message", "Ours")
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


def test_what_flux_fetches_from_elsewhere_is_said(shipped: World) -> None:
    """Another branch, what another repository puts there, and a submodule, which no clone of ours holds."""
    edited(shipped, KUSTOMIZATION, "")
    source = "ref: {branch: live}, recurseSubmodules: true, include: [{repository: {name: a}, toPath: apps/orders}]"
    (shipped.reviewed / "clusters/staging/source.yaml").write_text(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: gitops}\n"
        f"spec: {{{source}}}\n"
    )
    (shipped.reviewed / ".gitmodules").write_text("")
    module = f"160000,{'1' * 40},apps/orders/staging/shared"
    git(shipped.reviewed, "add", "-A")
    git(shipped.reviewed, "update-index", "--add", "--cacheinfo", module)
    git(shipped.reviewed, "commit", "--quiet", "--message", "Another source")
    git(shipped.reviewed, "push", "--quiet", "origin", "HEAD:main")
    for command in ("plan", "ship"):
        ran = shipped.waybill(command, "--json", "--image", shipped.image("two"))
        assert ran.code == 0, ran.stderr
        follows, puts, holds = ran.json["not_seen"]
        assert "follows the branch live, and it is proposed for main" in follows
        assert puts.endswith("puts there from a")
        assert holds == "what the submodule apps/orders/staging/shared holds, which GitRepository gitops fetches"


def test_what_is_known_again_is_judged(shipped: World) -> None:
    """kustomize fails until the chart is published."""
    there, published = shutil.which("kustomize"), f"git -C {shipped.origin} rev-parse --quiet --verify orders-0.1.1"
    program(shipped.folder / "bin", "kustomize", f'{published} >/dev/null || exit 1; exec {there} "$@"')
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


def test_a_kustomization_that_lies_elsewhere_is_not_seen(shipped: World) -> None:
    edited(shipped, RELEASE, "# ours\n")
    git(shipped.reviewed, "rm", "--quiet", "clusters/staging/orders.yaml")
    git(shipped.reviewed, "commit", "--quiet", "--message", "It lies in another repo")
    git(shipped.reviewed, "push", "--quiet", "origin", "HEAD:main")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    where = "which is not found in the GitOps repo"
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


@pytest.mark.parametrize("where", ["annotations", "labels"])
@pytest.mark.parametrize(("key", "value"), [("reconcile", "disabled"), ("ssa", "Ignore"), ("ssa", "IfNotPresent")])
def test_what_keeps_flux_from_applying_it_is_said(shipped: World, where: str, key: str, value: str) -> None:
    patch = f"- {{op: add, path: /metadata/{where}, value: {{kustomize.toolkit.fluxcd.io/{key}: {value}, a: b}}}}"
    edited(shipped, KUSTOMIZATION, f"  - {{target: {{kind: HelmRelease}}, patch: '{patch}'}}\n")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    assert ran.json["not_seen"] == [
        f"when Flux applies it: the HelmRelease has kustomize.toolkit.fluxcd.io/{key}: {value}"
    ]


def test_what_flux_verifies_and_nobody_signs_is_said(shipped: World) -> None:
    verify = "{op: add, path: /spec/chart/spec/verify, value: {provider: cosign, secretRef: {name: keys}}}"
    edited(shipped, KUSTOMIZATION, f"  - {{target: {{kind: HelmRelease}}, patch: '- {verify}'}}\n")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    said = "whether Flux takes the chart: HelmRelease orders has `verify`, and `sign` in waybill.toml is not set"
    assert ran.json["not_seen"] == [said]


def test_an_oci_repository_may_keep_a_release_from_flux_too(world: World) -> None:
    world.commit({"waybill.toml": (world.checkout / "waybill.toml").read_text() + 'flux_source = "oci-repository"\n'})
    world.ship(world.image())
    patch = "- {op: add, path: /metadata/labels, value: {kustomize.toolkit.fluxcd.io/reconcile: disabled}}"
    verify = "- {op: add, path: /spec/verify, value: {provider: cosign}}"
    edited(
        world,
        KUSTOMIZATION,
        "".join(f"  - {{target: {{kind: OCIRepository}}, patch: '{it}'}}\n" for it in (patch, verify)),
    )
    ran = world.waybill("plan", "--json", "--image", world.image("two"))
    assert sorted(ran.json["not_seen"]) == [
        "when Flux applies it: OCIRepository orders has kustomize.toolkit.fluxcd.io/reconcile: disabled",
        "whether Flux takes the chart: OCIRepository orders has `verify`, and `sign` in waybill.toml is not set",
    ]


@pytest.mark.parametrize(
    ("spec", "where"),
    [
        ("postRenderers: '${A}'", "spec.postRenderers"),
        ("valuesFrom: ['${A}']", "spec.valuesFrom.0"),
    ],
)
def test_a_helmrelease_that_flux_fills_in_is_not_judged(shipped: World, spec: str, where: str) -> None:
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


def test_what_a_parent_changes_is_said_on_every_path_and_no_place_is_claimed(shipped: World) -> None:
    edited(shipped, RELEASE, "# ours\n")
    (shipped.reviewed / "clusters/staging/flux-system").mkdir()
    (shipped.reviewed / PARENT).write_text(PATCHED)
    git(shipped.reviewed, "add", "--all")
    edited(shipped, RELEASE, "# ours again\n")
    image, told = shipped.image("two"), f"what patches in {PARENT} changes in clusters/staging/orders.yaml"
    for command in ("plan", "ship"):
        ran = shipped.waybill(command, "--json", "--image", image)
        assert ran.json["not_seen"] == [told], ran.stderr
    assert ran.json["gitops"]["places"] == [{"environment": "staging", "place": None}]
    assert f"Not seen here: {told}" in body(shipped).replace("`", "")


def test_what_a_person_should_look_at_in_one_environment_is_said_there(shipped: World) -> None:
    """The environment's values name another build of the image, where nothing says that it runs."""
    other = f"{shipped.image().partition('@')[0]}:old"
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {sidecar: {{ .Values.sidecar | quote }}}\n"
    shipped.commit({"chart/templates/more.yaml": template})
    edited(shipped, RELEASE, f"  values: {{sidecar: '{other}'}}\n")
    image = shipped.image("two")
    for command in ("plan", "ship"):
        ran = shipped.waybill(command, "--json", "--image", image)
        assert ran.code == 0, ran.stderr
        (said,) = ran.json["warnings"]["staging"]
        assert f"ConfigMap/a, data.sidecar names {other}, which is not what is released" in said
        assert ran.stderr.count(f"warning: in staging: {said}") == 1
        assert "look at" in shipped.waybill(command, "--image", image).stdout
    assert f"names {other}, which is not what is released" in body(shipped).replace("`", "")


def test_a_command_that_ends_in_the_middle_says_it_too(shipped: World) -> None:
    shipped.commit({"chart/templates/more.yaml": '{{ if lookup "v1" "Secret" "a" "b" }}a: b{{ end }}'})
    edited(shipped, "apps/orders/staging/kustomization.yaml", "components: [nowhere.yaml]\n")
    down = {"WAYBILL_LEDGER": "http://127.0.0.1:9", "WAYBILL_LEDGER_TOKEN": "wb_any"}
    command = ("ship", "--image", shipped.image("two"))
    ran = shipped.waybill(*command, "--json", env=down)
    assert (ran.code, ran.json["fault"]) == (1, "ledger"), ran.stderr
    assert "nowhere.yaml" in ran.json["not_judged"]["staging"]
    assert ran.json["not_seen"] == ["what `lookup` finds in the cluster (orders/templates/more.yaml)"]
    table = shipped.waybill(*command, env=down).stdout
    assert "\nnot judged" in table
    assert "\nnot seen here" in table
