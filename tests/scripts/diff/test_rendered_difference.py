"""The rendered difference of a proposal: real charts in a real registry, built by kustomize, rendered by helm."""

import subprocess
from pathlib import Path

import pytest
from msgspec import structs

from scripts.chart.renderer import Renderer
from scripts.clients.git import Git
from scripts.diff.compare import compare
from scripts.diff.repo import export, opened
from scripts.diff.words import plain
from scripts.forges.file import FileForge
from scripts.proposal.describe import differences
from scripts.proposal.intent import prepare
from scripts.yaml.objects import parse
from tests.support.builders import git
from tests.support.chart_releases import DEPLOYMENT, HEADER, SECRET, SERVICE, TEMPLATES, Releases


def test_an_image_bump_shows_the_image_and_counts_the_labels(releases: Releases) -> None:
    releases.merged("1.0.0", TEMPLATES)
    said = releases.changes(TEMPLATES, "digest: b\n")
    lines = [line for line in said.splitlines() if line.startswith(("+", "-"))]
    assert lines == [
        "-    helm.sh/chart: orders-1.0.0",
        "+    helm.sh/chart: orders-1.1.0",
        "-        image: orders@a",
        "+        image: orders@b",
    ]
    assert "1 changed; 1 in their version labels alone." in said
    assert "**changed** `Deployment/orders`" in said
    assert "@@ spec.template.spec.containers @@" in said
    assert "Service" not in said


@pytest.mark.long
def test_added_removed_and_renamed_objects_are_told_apart(releases: Releases) -> None:
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n"
    ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: new}\nspec: {rules: []}\n"
    releases.merged("1.0.0", {**TEMPLATES, "account": account})
    renamed = SERVICE.replace("{{ .Release.Name }}", "{{ .Release.Name }}-web")
    said = releases.changes({"deployment": DEPLOYMENT, "service": renamed, "ingress": ingress})
    assert "**renamed** `Service/orders -> orders-web`" in said
    assert "**removed** `ServiceAccount/web`" in said
    assert "**added** `Ingress/new`" in said
    assert "+  name: new" in said


@pytest.mark.long
def test_definitions_are_no_part_of_the_render_and_their_change_is_said(releases: Releases) -> None:
    definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things}\n"
    releases.merged("1.0.0", {**TEMPLATES, "crds/things.yaml": definition})
    assert "- The chart's crds/ is installed, too, " in releases.repo.proposals()[-1]["body"]
    said = releases.changes({**TEMPLATES, "crds/things.yaml": definition + "spec: {}\n"})
    assert "no object changes; 2 in their version labels alone." in said
    assert "- The chart's crds/ changes, which Flux leaves in the cluster as they are" in said
    releases.repo.merge("apps/orders")
    releases.publish("1.2.0", {**TEMPLATES, "crds/things.yaml": definition + "spec: {}\n"})
    assert "crds/" not in releases.propose("1.2.0")


@pytest.mark.long
def test_an_environments_own_values_are_rendered_and_compared(releases: Releases) -> None:
    path = "apps/orders/staging/release.yaml"
    releases.merged("1.0.0", TEMPLATES, 'digest: ""\n')
    releases.repo.commit({path: releases.repo.text(path) + "  values: {digest: mine}\n"})
    said = releases.changes({**TEMPLATES, "deployment": DEPLOYMENT.replace("orders@", "shop@")}, 'digest: ""\n')
    assert "-        image: orders@mine\n+        image: shop@mine" in said


def test_a_secret_is_never_shown(releases: Releases) -> None:
    templates = {**TEMPLATES, "secret": SECRET}
    releases.merged("1.0.0", templates, "digest: a\npassword: hunter2\n")
    said = releases.changes(templates, "digest: a\npassword: swordfish\n")
    assert "-  password: (not shown)\n+  password: (not shown, changed)" in said
    assert "   kept: (not shown)" in said
    whole = said + (releases.repo.folder / "orders.md").read_text()
    for value in ("hunter2", "swordfish", "aHVudGVyMg", "c3dvcmRmaXNo", "a2VwdA"):
        assert value not in whole


def test_the_first_release_lists_what_it_brings(releases: Releases) -> None:
    releases.publish("1.0.0", TEMPLATES)
    body = releases.propose("1.0.0")
    assert "the first release there, 2 objects." in body
    assert "- **added** `Deployment/orders`\n- **added** `Service/orders`" in body


@pytest.mark.long
def test_values_from_elsewhere_cannot_be_seen_and_that_is_said(releases: Releases) -> None:
    path = "apps/orders/staging/release.yaml"
    needy = {"deployment": DEPLOYMENT.replace(".Values.digest", '(required "give <digest>" .Values.digest)')}
    releases.merged("1.0.0", needy)
    releases.repo.commit({path: releases.repo.text(path) + "  valuesFrom: [{kind: Secret, name: mine}]\n"})
    said = releases.changes(needy, "digest: b\n")
    assert "Not seen here: values from Secret mine." in said
    assert "+        image: orders@b" in said
    releases.repo.merge("apps/orders")
    releases.publish("1.2.0", needy, "{}\n")
    body = releases.propose("1.2.0")
    assert "It could not be rendered" in body
    assert "give &lt;digest>" in body
    assert "Not seen here: values from Secret mine." in body


def test_a_previous_chart_that_cannot_be_read_is_said(releases: Releases) -> None:
    releases.merged("1.0.0", TEMPLATES)
    path = "apps/orders/staging/release.yaml"
    releases.repo.commit({path: releases.repo.text(path).replace('version: "1.0.0"', 'version: "1.0.1"')})
    said = releases.changes(TEMPLATES)
    assert said.startswith("In the cluster: what changes is not known.")
    assert "What runs there could not be rendered, so nothing is compared" in said
    assert "has no chart 1.0.1" in said


def test_without_kustomize_the_proposal_is_made_all_the_same(
    releases: Releases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for tool in ("git", "helm"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        found = subprocess.run(["which", tool], capture_output=True, check=True, text=True).stdout.strip()
        (tmp_path / "bin" / tool).symlink_to(found)
    releases.publish("1.0.0", TEMPLATES)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    body = releases.propose("1.0.0")
    assert "Neither kustomize nor kubectl is installed." in body


@pytest.mark.long
def test_each_environment_is_told_by_itself(releases: Releases) -> None:
    releases.merged("1.0.0", TEMPLATES)
    releases.publish("1.1.0", TEMPLATES, "digest: b\n")
    body = releases.propose("1.1.0", "staging", "production")
    staging, production = body.split("### production")
    assert "In the cluster: 1 changed; 1 in their version labels alone." in staging
    assert "In the cluster: the first release there, 2 objects." in production


@pytest.mark.long
def test_what_the_branch_brings_to_another_environment_is_told_too(releases: Releases) -> None:
    for version, digest in (("1.0.0", "a"), ("1.1.0", "b"), ("1.2.0", "c")):
        releases.publish(version, TEMPLATES, f"digest: {digest}\n")
    releases.propose("1.0.0", "staging", "production")
    releases.repo.merge("apps/orders")
    releases.propose("1.1.0", "production")
    staging, production = releases.propose("1.2.0", "staging").split("### production")
    assert "| version | `1.0.0` | `1.2.0` |" in staging
    assert "+        image: orders@c" in staging
    assert "| version | `1.0.0` | `1.1.0` |" in production
    assert "+        image: orders@b" in production


def test_plan_can_read_it_on_the_terminal_before_the_chart_is_published(releases: Releases) -> None:
    releases.merged("1.0.0", TEMPLATES)
    releases.publish("9.9.9", TEMPLATES, "digest: b\n")
    archive = releases.repo.folder / "chart-9.9.9" / "orders-9.9.9.tgz"
    change = structs.replace(releases.repo.change(releases.waybill("1.5.0")), archive=archive)
    with opened(FileForge(str(releases.repo.bare)), Renderer(None), change.config) as repo:
        intent = prepare(change, repo)
        text = plain(differences(change, repo, intent))
    assert text.startswith("staging: 1 changed; 1 in their version labels alone.\n  changed Deployment/orders\n")
    assert "    -        image: orders@a\n    +        image: orders@b" in text


@pytest.mark.long
def test_a_long_body_is_cut_and_the_whole_kept(releases: Releases) -> None:
    config = (
        "apiVersion: v1\nkind: ConfigMap\n"
        + HEADER
        + 'data:\n{{ .Files.Get "none" }}{{ range $i := until 9000 }}  k{{ $i }}: {{ $.Values.digest }}```\n{{ end }}'
    )
    releases.merged("1.0.0", {"config": config})
    releases.publish("1.1.0", {"config": config}, "digest: b\n")
    body = releases.propose("1.1.0")
    whole = (releases.repo.folder / "orders.md").read_text()
    assert len(body) <= 60_000 < len(whole)
    missing = int(body.split("Cut here: ")[1].split(" ")[0].replace(",", ""))
    assert abs(len(whole) - len(body) - missing) < 300
    assert body.endswith("\n\nWaybill-Release: orders 1.1.0\n")
    fences = [line for line in body.splitlines() if line.startswith("`")]
    assert fences == ["````diff", "````"]


def test_a_path_that_leaves_the_folder_is_not_written(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "hostile.git")
    bare = Git(tmp_path / "hostile.git")
    blob = bare.run("hash-object", "-w", "--stdin", input=b"x")
    tree = blob_entry = bare.run("mktree", input=f"100644 blob {blob}\tfile\n".encode())
    for name in ("..", ".git", "fine"):
        tree = bare.run(
            "mktree", input=f"040000 tree {tree}\t{name}\n040000 tree {blob_entry}\tbeside-{name}\n".encode()
        )
    export(bare, tree, tmp_path / "deep" / "out")
    written = {str(path.relative_to(tmp_path / "deep")) for path in (tmp_path / "deep").rglob("*") if path.is_file()}
    assert written == {"out/beside-fine/file", "out/fine/beside-.git/file"}


def compared(before: str, after: str) -> list[tuple[str, str]]:
    return [(change.what, change.name) for change in compare(parse(before.encode()), parse(after.encode()), "apps")]


def test_objects_are_told_apart_by_group_kind_namespace_and_name() -> None:
    item = "apiVersion: {}\nkind: {}\nmetadata: {{name: x{}}}\na: {}\n---\n"
    same = item.format("apps/v1", "Deployment", "", 1)
    assert compared(same, same.replace("{name: x}", "{name: x, namespace: apps}")) == [("changed", "Deployment/x")]
    assert compared(same, same.replace("apps/v1", "apps/v2")) == [("changed", "Deployment/x")]
    assert compared(same * 2, same) == [("removed", "Deployment/x")]
    assert compared("", item.format("v1", "Role", ", namespace: other", 1)) == [("added", "Role/x in other")]
    assert compared(f"kind: List\nitems:\n- {same[:-4]!r}".replace("'", "").replace("\\n", "\n  "), same) == []


def test_a_pod_template_label_is_more_than_a_version_label() -> None:
    item = (
        "apiVersion: v1\nkind: Deployment\nmetadata: {{name: x, labels: {{helm.sh/chart: {0}}}}}\n"
        "spec: {{template: {{metadata: {{labels: {{helm.sh/chart: {1}}}}}}}}}\n"
    )
    assert compared(item.format(1, 1), item.format(2, 1)) == [("version labels", "Deployment/x")]
    assert compared(item.format(1, 1), item.format(2, 2)) == [("changed", "Deployment/x")]
    older = item.replace("helm.sh/chart", "chart")
    assert compared(older.format(1, 1), older.format(2, 1)) == [("version labels", "Deployment/x")]


def test_true_is_not_one() -> None:
    before, after = (
        {"apiVersion": "a/v1", "kind": "A", "metadata": {"name": "a"}, "spec": {"debug": value}} for value in (1, True)
    )
    (change,) = compare([before], [after], "apps")
    assert (change.what, change.lines[-2:]) == ("changed", ("-  debug: 1", "+  debug: true"))
    assert compare([after], [after], "apps") == []
