"""An environment is connected to a ledger by a pull request; nothing about its releases changes."""

import json
import stat
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.support.crds import closed
from tests.support.flux_schemas import validate
from tests.support.gitops_repo import GitopsRepo
from tests.support.scripts.connection import BRANCH, LEDGER, SYSTEM, bootstrapped, changed, connect, everything
from tests.support.scripts.layouts import FLUX_EXAMPLE, kustomization

# `source` in the file says where the schemas are from: their Go module needs a newer Go than the tools here.
FLUX_2_10 = json.loads(Path(__file__).parents[1].joinpath("support/flux_2_10.json").read_text())["schemas"]
FOLDER = "clusters/staging/waybill"
NAMES = ["alert-releases", "alert-sources", "kustomization", "provider"]


def sources(repo: GitopsRepo, file: str, branch: str = BRANCH) -> set[tuple[str, str]]:
    spec = yaml.safe_load(repo.text(f"{FOLDER}/{file}", branch))["spec"]
    return {(it["kind"], it["namespace"]) for it in spec["eventSources"]}


def test_a_bootstrapped_repo_is_told_who_listens_and_nothing_else_changes(repo: GitopsRepo) -> None:
    bootstrapped(repo)
    ran = connect(repo, "staging", "--json")
    assert ran.code == 0, ran.stderr
    assert changed(repo) == [f"A\t{FOLDER}/{name}.yaml" for name in NAMES]
    provider = yaml.safe_load(repo.text(f"{FOLDER}/provider.yaml", BRANCH))
    assert provider["spec"]["address"] == f"{LEDGER}/hooks/flux/staging"
    assert provider["spec"]["type"] == "generic-hmac"
    name = provider["metadata"]["name"]
    assert ran.json["secret"] == f"flux-system/{provider['spec']['secretRef']['name']}" == f"flux-system/{name}"
    assert sources(repo, "alert-releases.yaml") == {("HelmRelease", "shop")}
    assert sources(repo, "alert-sources.yaml") == {("HelmChart", "shop"), ("OCIRepository", "shop")}
    for alert in ("releases", "sources"):
        spec = yaml.safe_load(repo.text(f"{FOLDER}/alert-{alert}.yaml", BRANCH))["spec"]
        assert spec["providerRef"]["name"] == name
    assert ran.json["hears"] == ["shop"]
    (proposal,) = repo.proposals()
    assert (proposal["branch"], proposal["base"]) == (BRANCH, "main")
    assert ran.json["proposal"].endswith("/1.json")


@pytest.mark.parametrize("version", ["2.9", "2.10", "3.0"])
def test_the_objects_are_those_of_the_flux_that_is_named(repo: GitopsRepo, version: str) -> None:
    bootstrapped(repo)
    assert connect(repo, "staging", WAYBILL_FLUX_VERSION=version).code == 0
    for name in ("provider", "alert-releases", "alert-sources"):
        found = yaml.safe_load(repo.text(f"{FOLDER}/{name}.yaml", BRANCH))
        if version == "2.9":
            validate(found)
        else:
            assert found["apiVersion"] == "notification.toolkit.fluxcd.io/v1"
            jsonschema.Draft202012Validator(closed(FLUX_2_10[found["kind"]])).validate(found)


@pytest.mark.long
def test_the_key_is_made_once_and_shown_once(repo: GitopsRepo) -> None:
    bootstrapped(repo)
    first = connect(repo, "staging")
    key = next(line.split()[1] for line in first.stdout.splitlines() if line.startswith("key "))
    assert len(bytes.fromhex(key)) == 32
    assert f'{{"staging": ["{key}"]}}' in first.stdout
    assert key not in first.stderr
    before = everything(repo.folder)
    for _ in range(2):
        again = connect(repo, "staging", "--json")
        assert (again.code, again.json["key"], again.json["said"]) == (0, None, f"{BRANCH} has it already")
        assert everything(repo.folder) == before
    assert all(key.encode() not in data for data in before.values())
    repo.merge(BRANCH)
    before = everything(repo.folder)
    merged = connect(repo, "staging", "--json")
    assert (merged.code, merged.json["key"], merged.json["proposal"]) == (0, None, None)
    assert merged.json["said"] == "main has it already: nothing is proposed"
    another = connect(repo, "staging", "--json", "--new-key").json["key"]
    assert len(another) == 64
    assert another != key
    assert everything(repo.folder) == before


def test_secrets_for_cluster_and_ledger_are_written_where_nobody_else_reads(repo: GitopsRepo) -> None:
    bootstrapped(repo)
    file = repo.folder / "secrets.yaml"
    ran = connect(repo, "staging", "--json", "--secrets", str(file), "--ledger-namespace", "record")
    assert (ran.code, ran.json["key"], ran.json["secrets"]) == (0, None, str(file)), ran.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = {
        (it["metadata"]["namespace"], it["metadata"]["name"]): it["stringData"]
        for it in yaml.safe_load_all(file.read_text())
    }
    key = found["flux-system", "waybill-staging"]["token"]
    assert found["record", "waybill-staging"] == {"token": key}
    assert json.loads(found["record", "waybill-keys"]["keys.json"]) == {"staging": [key]}
    assert key not in ran.stdout + ran.stderr


def test_the_same_command_again_leaves_the_file_with_the_key(repo: GitopsRepo) -> None:
    bootstrapped(repo)
    file = repo.folder / "secrets.yaml"
    assert connect(repo, "staging", "--secrets", str(file)).code == 0
    before = file.read_text()
    ran = connect(repo, "staging", "--json", "--secrets", str(file))
    assert (ran.code, ran.json["secrets"], file.read_text()) == (0, None, before), ran.stderr


def test_a_dry_run_shows_the_patch_and_changes_nothing(repo: GitopsRepo) -> None:
    bootstrapped(repo)
    before = everything(repo.folder)
    ran = connect(repo, "staging", "--dry-run")
    assert ran.code == 0, ran.stderr
    assert f"+  address: {LEDGER}/hooks/flux/staging" in ran.stdout
    assert "\nkey " not in ran.stdout
    assert everything(repo.folder) == before


@pytest.mark.long
def test_a_namespace_that_came_along_is_added_and_what_people_wrote_stays(repo: GitopsRepo) -> None:
    bootstrapped(repo)
    connect(repo, "staging")
    repo.merge(BRANCH)
    path = f"{FOLDER}/alert-releases.yaml"
    edited = repo.text(path) + "  exclusionList: [noise]  # ours\n"
    release = FLUX_EXAMPLE["apps/base/orders/release.yaml"].replace(
        "name: orders\n", "name: cart\n  namespace: cart\n", 1
    )
    repo.commit({path: edited, "clusters/staging/cart.yaml": release.replace("chart: orders", "chart: cart")})
    ran = connect(repo, "staging", "--json")
    assert ran.code == 0, ran.stderr
    assert ran.json["key"] is None
    assert changed(repo) == [f"M\t{path}", f"M\t{FOLDER}/alert-sources.yaml"]
    assert sources(repo, "alert-releases.yaml") == {("HelmRelease", "shop"), ("HelmRelease", "cart")}
    assert set(edited.splitlines()) <= set(repo.text(path, BRANCH).splitlines())


def test_a_kustomization_of_the_cluster_names_the_folder(repo: GitopsRepo) -> None:
    own = kustomization("flux-system", "apps.yaml", more="# ours\n")
    bootstrapped(repo, **{"clusters/staging/kustomization.yaml": own})
    ran = connect(repo, "staging", "--json")
    assert ran.code == 0, ran.stderr
    assert f"M\t{FOLDER[:-8]}/kustomization.yaml" in changed(repo)
    after = repo.text("clusters/staging/kustomization.yaml", BRANCH)
    assert [line for line in after.splitlines() if line not in own.splitlines()] == ['  - "waybill"']


@pytest.mark.long
def test_one_cluster_may_have_several_environments(repo: GitopsRepo) -> None:
    bootstrapped(repo)
    connect(repo, "staging")
    repo.merge(BRANCH)
    here = ["--path", "clusters/staging", "--json"]
    refused = connect(repo, "qa", *here)
    assert (refused.code, refused.json["fault"]) == (1, "you")
    assert "reports as staging already" in refused.json["refused"]
    ran = connect(repo, "qa", *here, "--namespace", "qa")
    assert (ran.code, ran.json["hears"], ran.json["secret"]) == (0, ["qa"], "flux-system/waybill-qa"), ran.stderr
    assert changed(repo, "connect/qa")[0] == "A\tclusters/staging/waybill-qa/alert-releases.yaml"


def test_what_somebody_closed_is_not_proposed_again(repo: GitopsRepo) -> None:
    bootstrapped(repo)
    connect(repo, "staging")
    repo.set_state(BRANCH, "closed")
    before = everything(repo.folder)
    ran = connect(repo, "staging", "--json")
    assert (ran.code, ran.json["key"]) == (0, None)
    assert "closed" in ran.json["said"]
    assert everything(repo.folder) == before


def test_a_provider_of_theirs_is_enough(repo: GitopsRepo) -> None:
    apps = "gitops-templates"
    theirs = {
        f"clusters/staging/{apps}/kustomization.yaml": kustomization("provider.yaml", more="namespace: shop\n"),
        f"clusters/staging/{apps}/provider.yaml": (
            "apiVersion: notification.toolkit.fluxcd.io/v1beta3\nkind: Provider\nmetadata: {name: waybill}\n"
            f"spec: {{type: generic-hmac, address: {LEDGER}/hooks/flux/staging, secretRef: {{name: key}}}}\n"
        ),
    }
    bootstrapped(repo, **theirs)
    ran = connect(repo, "staging", "--json")
    assert ran.code == 0, ran.stderr
    assert ran.json["said"] == "Provider shop/waybill reports it already: nothing is proposed"
    assert ran.json["secret"] == "shop/key"
    assert "no Alert of that Provider hears the HelmReleases in shop" in ran.stderr
    assert repo.head(BRANCH) is None


def test_a_locked_down_flux_is_warned_of(repo: GitopsRepo) -> None:
    patch = kustomization("gotk-sync.yaml", more="# - --no-cross-namespace-refs=true\n")
    bootstrapped(repo, **{f"{SYSTEM}/kustomization.yaml": patch})
    ran = connect(repo, "staging")
    assert ran.code == 0
    assert f"warning: {SYSTEM}/kustomization.yaml has --no-cross-namespace-refs=true" in ran.stderr


@pytest.mark.parametrize("started", [True, False])
def test_a_killed_run_is_completed(repo: GitopsRepo, started: bool) -> None:
    """The branch was pushed, and no proposal opened; or somebody added a commit since."""
    bootstrapped(repo)
    connect(repo, "staging")
    (repo.bare / "waybill-proposals" / "1.json").unlink()
    if not started:
        repo.commit({"README.md": "Theirs\n"}, BRANCH)
        repo.commit({"NEWS.md": "On main\n"})
    head = repo.head(BRANCH)
    ran = connect(repo, "staging", "--json")
    assert (ran.code, ran.json["key"]) == (0, None), ran.stderr
    assert [it["state"] for it in repo.proposals()] == ["open"]
    assert repo.head(BRANCH) == head


@pytest.mark.long
def test_the_address_stays_unless_another_one_is_asked_for(repo: GitopsRepo) -> None:
    bootstrapped(repo)
    connect(repo, "staging")
    repo.merge(BRANCH)
    for ledger in ("", "https://elsewhere.example"):
        ran = connect(repo, "staging", "--json", ledger=ledger)
        assert (ran.code, ran.json["files"], ran.json["address"]) == (0, [], f"{LEDGER}/hooks/flux/staging")
    moved = connect(repo, "staging", "--json", "--ledger", "https://elsewhere.example")
    assert (moved.code, moved.json["key"], changed(repo)) == (0, None, [f"M\t{FOLDER}/provider.yaml"])


def test_files_that_people_moved_are_found(repo: GitopsRepo) -> None:
    bootstrapped(repo)
    connect(repo, "staging")
    repo.merge(BRANCH)
    moved = {f"{FOLDER}/{name}.yaml": repo.text(f"{FOLDER}/{name}.yaml") for name in NAMES}
    repo.commit(dict.fromkeys(moved) | {path.replace("waybill", "ledger"): it for path, it in moved.items()})
    ran = connect(repo, "staging", "--json")
    assert (ran.code, ran.json["files"]) == (0, [])
    assert ran.json["said"] == "Provider flux-system/waybill-staging reports it already: nothing is proposed"
