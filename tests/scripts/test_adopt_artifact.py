"""`waybill adopt --artifact`: the Flux Kustomization of a service that runs already gets the same manifests as an
artifact, by a pull request; what cannot move without a change is refused, with what to do first."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scripts.test_artifact import built, place, pulled, tags
from tests.support.builders import Ran, World, git
from tests.support.scripts.adoption import adopt, commit
from tests.support.scripts.everything import everything
from tests.support.scripts.layouts import HOME_OPS, OCI_REPOSITORY, flux, kustomization
from tests.support.scripts.signing import complaint, private, public
from tools.demo.image import crane

pytestmark = pytest.mark.long

BRANCH, APP = "adopt/orders/staging", "kubernetes/apps/default/orders"
CLUSTER, OVERLAY = "clusters/staging/orders.yaml", "apps/orders/staging"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: login\n  namespace: shop\nstringData: {a: planted}\n"
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {a: b}\n"
OTHER = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: billing}\nspec: {interval: 1h}\n"
PRUNE = "kustomize.toolkit.fluxcd.io/prune"


@pytest.fixture
def env(world: World) -> dict[str, str]:
    return {"WAYBILL_ARTIFACT": f"oci://{world.registry}/manifests-{world.folder.name}/orders"}


@pytest.fixture
def running(world: World) -> World:
    """A service that Flux applies from the GitOps repo."""
    world.ship(world.image("first"))
    world.merge("apps/orders")
    return world


def move(world: World, env: dict[str, str], *more: str) -> Ran:
    return world.waybill("adopt", "--environment", "staging", "--artifact", "--json", *more, env=env)


def refused(world: World, env: dict[str, str]) -> str:
    """Nothing is out, and where the cluster's objects are shown no content is."""
    before = everything(world)
    ran = move(world, env)
    assert ran.code == 1, ran.stdout
    assert everything(world) == before
    said: dict[str, str] = json.loads(ran.stdout)["refused"] if ran.stdout else {}
    assert "planted" not in ran.stderr + ran.stdout
    return f"{said} {ran.stderr}"


def documents(world: World, file: str, branch: str = BRANCH) -> list[Any]:
    return [*yaml.safe_load_all(git(world.gitops, "show", f"{branch}:{file}"))]


def changed(world: World, branch: str = BRANCH) -> list[str]:
    return git(world.gitops, "diff", "--name-only", "main", branch).splitlines()


def test_the_same_kustomization_gets_the_same_manifests(running: World, env: dict[str, str], tmp_path: Path) -> None:
    main = git(running.gitops, "rev-parse", "main")
    (before,) = documents(running, CLUSTER, "main")
    planned = move(running, env, "--dry-run")
    assert planned.code == 0, planned.stderr
    assert "+    kind: OCIRepository" in planned.json["patch"]
    assert "manifests-" not in str(sorted(everything(running)))
    ran = move(running, env)
    assert ran.code == 0, ran.stderr
    assert changed(running) == [CLUSTER]
    after, source = documents(running, CLUSTER)
    digest = source["spec"]["ref"]["digest"]
    assert ran.json["manifests"].endswith(f"@{digest}")
    assert planned.json["manifests"] == ran.json["manifests"]
    assert (source["kind"], source["spec"]["url"]) == ("OCIRepository", f"oci://{place(running)}")
    reference = {"kind": "OCIRepository", "name": source["metadata"]["name"]}
    assert source["metadata"]["namespace"] == after["metadata"]["namespace"]
    assert after["metadata"]["annotations"] == {"waybill/manifests": f"./{OVERLAY}"}
    assert {**after, "metadata": before["metadata"], "spec": before["spec"]} == before
    assert after["spec"] == before["spec"] | {"path": "./", "sourceRef": reference}

    said, files = pulled({"repository": f"oci://{place(running)}", "digest": digest}, tmp_path / "pulled")
    assert files == {"orders.yaml": built(running, main, tmp_path / "built")}
    newest = git(running.gitops, "log", "-1", "--format=%H", main, "--", "apps/orders")
    assert said["source_revision"] == f"main@sha1:{newest}"
    assert ran.json["made_of"] == f"{OVERLAY} at main@sha1:{newest}"
    assert tags(running) == [f"adopted-{digest.removeprefix('sha256:')[:12]}"]

    state = everything(running)
    assert move(running, env).json["said"] == f"{BRANCH} has it already"
    assert everything(running) == state
    running.merge(BRANCH)
    again = move(running, env)
    assert (again.code, again.json["said"]) == (0, "main has it already: nothing is proposed")


def test_releases_then_move_the_digest_and_a_rollback_takes_it_back(running: World, env: dict[str, str]) -> None:
    move(running, env)
    running.merge(BRANCH)
    for text, version in (("second", "0.1.1"), ("third", "0.1.2")):
        shipped = running.ship(running.image(text), env=env)
        assert changed(running, "apps/orders") == [f"{OVERLAY}/release.yaml", CLUSTER]
        assert documents(running, CLUSTER, "apps/orders")[1]["spec"]["ref"] == {"digest": shipped["artifact"]["digest"]}
        assert (shipped["chart"]["version"], "not_seen" in shipped) == (version, False)
        running.merge("apps/orders")
    ran = running.waybill("ship", "--image", running.image("fourth"))
    assert (ran.code, "and no `artifact` is configured" in ran.stderr) == (1, True), ran.stderr
    ran = running.waybill("rollback", "orders", "0.1.1", "-e", "staging", "--reason", "It is slow", "--json")
    assert ran.code == 0, ran.stderr
    branch = "promote/orders/staging"
    assert changed(running, branch) == [f"{OVERLAY}/release.yaml", CLUSTER]
    assert documents(running, CLUSTER, branch)[1]["spec"]["ref"] == {"digest": ran.json["artifact"]["digest"]}


def test_what_people_wrote_moves_in_its_own_file(world: World, env: dict[str, str]) -> None:
    commit(world, HOME_OPS)
    adopt(world, "home-ops")
    ran = move(world, env)
    assert ran.code == 0, ran.stderr
    assert changed(world) == [f"{APP}/ks.yaml"]
    after, source = documents(world, f"{APP}/ks.yaml")
    assert after["spec"]["targetNamespace"] == "default"
    assert source["metadata"] == {"name": "orders-staging", "namespace": "flux-system"}
    world.merge(BRANCH)
    shipped = world.ship(world.image(), env=env)
    files = [f"{APP}/app/helmrelease.yaml", f"{APP}/app/ocirepository.yaml", f"{APP}/ks.yaml"]
    assert changed(world, "apps/orders") == files
    digest = documents(world, f"{APP}/ks.yaml", "apps/orders")[1]["spec"]["ref"]["digest"]
    assert digest == shipped["artifact"]["digest"]
    assert shipped["gitops"]["places"] == [{"environment": "staging", "place": "default/orders"}]


@pytest.mark.parametrize(
    ("old", "new", "namespace"),
    [
        ("  namespace: flux-system\n", "", None),  # what applies it says so
        ("    name: flux-system\n", "    name: flux-system\n    namespace: sources\n", "sources"),
    ],
)
def test_the_source_lies_where_the_one_before_did(
    world: World, env: dict[str, str], old: str, new: str, namespace: str | None
) -> None:
    assert old in HOME_OPS[f"{APP}/ks.yaml"]
    commit(world, {**HOME_OPS, f"{APP}/ks.yaml": HOME_OPS[f"{APP}/ks.yaml"].replace(old, new)})
    adopt(world, "home-ops")
    ran = move(world, env)
    assert ran.code == 0, ran.stderr
    after, source = documents(world, f"{APP}/ks.yaml")
    assert source["metadata"].get("namespace") == namespace
    assert after["spec"]["sourceRef"].get("namespace") == (namespace if new else None)


def test_where_the_folder_changes_meanwhile_the_proposal_follows(running: World, env: dict[str, str]) -> None:
    move(running, env)
    first = documents(running, CLUSTER)[1]["spec"]["ref"]["digest"]
    shipped = running.waybill("ship", "--image", running.image("second"), "--json")
    assert shipped.code == 0, shipped.stderr
    said = f"{BRANCH} is there too, with the manifests of before this release."
    assert said in shipped.stderr
    assert said in shipped.json["warnings"]["staging"][0]
    proposals = [json.loads(it.read_text()) for it in running.gitops.glob("waybill-proposals/*.json")]
    (body,) = [it["body"] for it in proposals if (it["branch"], it["state"]) == ("apps/orders", "open")]
    assert said in body
    running.merge("apps/orders")
    assert move(running, env).json["said"] == f"{BRANCH} is proposed for main"
    assert changed(running) == [CLUSTER]
    assert documents(running, CLUSTER)[1]["spec"]["ref"]["digest"] != first
    assert len(tags(running)) == 2
    files = running.gitops.glob("waybill-proposals/*.json")
    (file,) = [it for it in files if json.loads(it.read_text())["branch"] == BRANCH]
    file.write_text(file.read_text().replace('"open"', '"closed"'))
    assert "was proposed and closed" in move(running, env).json["said"]


def test_it_is_signed_and_a_killed_run_is_completed(running: World, env: dict[str, str], tmp_path: Path) -> None:
    key = private()
    file = public(key, tmp_path / "cosign.pub")
    signing = env | {"WAYBILL_SIGN": "key", "WAYBILL_SIGNING_KEY": key}
    assert refused(running, signing | {"WAYBILL_SIGNING_KEY": ""})
    ran = move(running, signing)
    address = f"{place(running)}@{ran.json['manifests'].partition('@')[2]}"
    assert complaint(file, address) == ""
    index = crane("digest", "--insecure", address.replace("@sha256:", ":sha256-"))
    crane("delete", "--insecure", f"{place(running)}@{index}")  # as if killed before the signature
    assert complaint(file, address) != ""
    assert move(running, signing).code == 0
    assert complaint(file, address) == ""


def test_a_folder_with_a_secret_waits_until_another_one_has_it(running: World, env: dict[str, str]) -> None:
    listed = git(running.gitops, "show", f"main:{OVERLAY}/kustomization.yaml")
    with_secret = listed.replace("resources:\n", "resources:\n  - secret.yaml\n")
    commit(running, {f"{OVERLAY}/secret.yaml": SECRET, f"{OVERLAY}/kustomization.yaml": with_secret})
    said = refused(running, env)
    assert f"{OVERLAY} builds Secret login, and an artifact shows it" in said
    assert f"a commit annotates it `{PRUNE}: disabled` where it is" in said
    assert "kubectl get secret login -n shop -o yaml" not in said  # kustomize moves it
    assert "kubectl get secret login -n apps -o yaml" in said
    assert "a later commit moves it" in said
    kept = SECRET.replace("  namespace", f"  annotations: {{{PRUNE}: disabled}}\n  namespace")
    commit(running, {f"{OVERLAY}/secret.yaml": kept})
    said = refused(running, env)
    assert "a commit annotates it" not in said
    assert "the annotation is seen in the cluster" in said
    moved = {"apps/logins/secret.yaml": kept, "clusters/staging/logins.yaml": flux("logins", "./apps/logins")}
    git(running.reviewed, "rm", "--quiet", f"{OVERLAY}/secret.yaml")
    commit(running, moved | {f"{OVERLAY}/kustomization.yaml": listed + "\n"})
    assert move(running, env).code == 0


def test_what_sourceignore_names_is_not_published(world: World, env: dict[str, str], tmp_path: Path) -> None:
    """Flux generates the kustomization of a folder that has none, without what its source leaves out."""
    files = {path: text for path, text in HOME_OPS.items() if path != f"{APP}/app/kustomization.yaml"}
    commit(world, files | {f"{APP}/app/secret.yaml": SECRET, f"{APP}/.sourceignore": "secret.yaml\n"})
    adopt(world, "home-ops")
    ran = move(world, env)
    assert ran.code == 0, ran.stderr
    digest = ran.json["manifests"].partition("@")[2]
    text = pulled({"repository": f"oci://{place(world)}", "digest": digest}, tmp_path / "pulled")[1]["orders.yaml"]
    assert [it["kind"] for it in yaml.safe_load_all(text)] == ["HelmRelease", "OCIRepository"]


KS = HOME_OPS[f"{APP}/ks.yaml"]
PATCHED = """\
  patches:
    - patch: |
        - op: add
          path: /metadata/labels
          value: {a: b}
      target: {name: orders}
"""
SOURCE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system}
spec: {url: "ssh://git@github.com/acme/fleet", LIMIT}
"""
LABELS = "labels: [{pairs: {c: d}}]\n"
INCLUDES = f"ref: {{branch: main}}, include: [{{repository: {{name: a}}, toPath: {APP}/app}}]"
PARTS = ("./helmrelease.yaml", "./ocirepository.yaml")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"ks.yaml": ""}, "these do: none"),
        ({"ks.yaml": KS.replace("GitRepository", "Bucket")}, "from Bucket, not from a GitRepository"),
        ({"ks.yaml": f"{KS}  decryption: {{provider: sops}}\n"}, "decrypts what it applies"),
        ({"ks.yaml": f"{KS}  components: [../more]\n"}, "HelmRelease orders would be another"),
        ({"ks.yaml": KS + PATCHED, "app/kustomization.yaml": kustomization(*PARTS, more=LABELS)}, "be another"),
        ({"source.yaml": SOURCE.replace("LIMIT", "ignore: '/*'")}, "more, which ignore of GitRepository flux-system"),
        ({"source.yaml": SOURCE.replace("LIMIT", "sparseCheckout: [clusters]")}, "which sparseCheckout of Git"),
        ({"source.yaml": SOURCE.replace("LIMIT", "ref: {branch: live}")}, "what the branch live holds"),
        ({"source.yaml": SOURCE.replace("LIMIT", INCLUDES)}, "puts there from a; the manifests would be made of what"),
        ({"app/kustomization.yaml": kustomization(*PARTS, "billing.yaml")}, "also builds HelmRelease billing"),
        ({"t.yaml": OCI_REPOSITORY.replace("name: orders", "name: orders-staging")}, "OCIRepository orders-staging"),
    ],
)
def test_what_would_change_what_is_applied_is_refused(
    world: World, env: dict[str, str], files: dict[str, str], said: str
) -> None:
    more = {f"{APP}/more/kustomization.yaml": COMPONENT, f"{APP}/app/billing.yaml": OTHER}
    commit(world, HOME_OPS | more)
    adopt(world, "home-ops")
    commit(world, {f"{APP}/{name}": text for name, text in files.items()})
    assert said in refused(world, env)


def test_a_folder_that_two_apply_is_refused(running: World, env: dict[str, str]) -> None:
    commit(running, {"clusters/staging/more.yaml": flux("more", f"./{OVERLAY}")})
    assert f"more (clusters/staging/more.yaml) and orders-staging ({CLUSTER})" in refused(running, env)


def test_patches_that_do_the_same_to_manifests_are_no_obstacle(world: World, env: dict[str, str]) -> None:
    images = "  images: [{name: a, newTag: b}]\n  commonMetadata: {labels: {a: b}}\n  namePrefix: eu-\n"
    commit(world, HOME_OPS | {f"{APP}/ks.yaml": HOME_OPS[f"{APP}/ks.yaml"] + PATCHED + images})
    adopt(world, "home-ops")
    assert move(world, env).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--artifact", "-e", "staging"], 1, "Set `artifact` and `gitops` in waybill.toml"),
        (["--artifact", "-e", "nowhere"], 1, "nowhere is no environment of this service"),
        (["--artifact", "-e", "all"], 1, "all is a group"),
        (["--artifact", "-e", "staging", "--file", "a.yaml"], 2, "Give either --file or --artifact"),
        (["-e", "staging"], 2, "Give either --file or --artifact"),
    ],
)
def test_what_is_asked_wrongly_is_refused(world: World, arguments: list[str], code: int, said: str) -> None:
    env = {"WAYBILL_ENVIRONMENTS": "all = staging + production"}
    ran = world.waybill("adopt", *arguments, env=env)
    assert (ran.code, said in ran.stderr) == (code, True), ran.stderr
