"""connect finds what Flux applies to a cluster, and what is in it, in repos as people lay them out."""

from tests.support.gitops_repo import GitopsRepo
from tests.support.scripts.connection import bootstrapped, changed, connect
from tests.support.scripts.layouts import FLUX_EXAMPLE, HOME_OPS, flux, kustomization


def test_a_folder_of_another_name_is_the_one_that_flux_applies(repo: GitopsRepo) -> None:
    repo.commit(
        {
            "fleet/staging/flux-system/gotk-sync.yaml": flux("flux-system", "./fleet/staging"),
            "fleet/staging/apps.yaml": flux("apps", "./apps/staging"),
            **{path: text for path, text in FLUX_EXAMPLE.items() if path.startswith("apps/")},
        }
    )
    ran = connect(repo, "staging", "--json")
    assert ran.code == 0, ran.stderr
    assert changed(repo)[0] == "A\tfleet/staging/waybill/alert-releases.yaml"


def test_what_cannot_be_seen_is_said(repo: GitopsRepo) -> None:
    """What applies the cluster's folder is no part of this repo, and some of what it applies comes from elsewhere."""
    elsewhere = (
        flux("vendor", "./vendor")
        .replace("name: flux-system\n", "name: vendor\n")
        .replace("name: vendor\n  namespace: vendor", "name: vendor\n  namespace: flux-system")
    )
    repo.commit({**HOME_OPS, "kubernetes/flux/cluster/vendor.yaml": elsewhere})
    ran = connect(repo, "home", "--path", "kubernetes/flux/cluster", "--json", ledger="https://waybill.example.org/")
    assert ran.code == 0, ran.stderr
    assert ran.json["hears"] == ["default"]
    assert ran.json["cluster"].endswith("applied by what is not in this repo")
    assert ran.json["address"] == "https://waybill.example.org/hooks/flux/home"
    assert any("Kustomization vendor" in it for it in ran.json["not_seen"])


GENERATOR = """\
apiVersion: source.extensions.fluxcd.io/v1beta1
kind: ArtifactGenerator
metadata: {name: parts, namespace: flux-system}
spec:
  sources: [{alias: repo, kind: GitRepository, name: flux-system}]
  artifacts:
    - name: apps
      copy:
        - {from: "@repo/apps/base/**", to: "@artifact/base/"}
        - {from: "@repo/apps/staging/**", to: "@artifact/staging/"}
"""


def test_parts_of_a_repo_are_followed_to_where_they_come_from(repo: GitopsRepo) -> None:
    """https://github.com/fluxcd/flux2-kustomize-helm-example"""
    part = flux("apps", "./staging").replace("GitRepository\n    name: flux-system", "ExternalArtifact\n    name: apps")
    bootstrapped(repo, **{"clusters/staging/apps.yaml": part, "clusters/staging/parts.yaml": GENERATOR})
    ran = connect(repo, "staging", "--json")
    assert (ran.code, ran.json["hears"]) == (0, ["shop"]), ran.stdout
    assert "not_seen" not in ran.json


def test_what_a_tenant_applies_of_a_repo_of_theirs_does_not_apply_the_cluster(repo: GitopsRepo) -> None:
    """https://github.com/fluxcd/flux2-multi-tenancy"""
    tenants = {
        "clusters/staging/tenants.yaml": flux("tenants", "./tenants"),
        "tenants/kustomization.yaml": kustomization("sync.yaml"),
        "tenants/sync.yaml": flux("dev", "./").replace("name: flux-system\n", "name: dev\n"),
    }
    repo.commit({path: text for path, text in FLUX_EXAMPLE.items() if "flux-system" not in path} | tenants)
    ran = connect(repo, "staging", "--json")
    assert (ran.code, ran.json["hears"]) == (0, ["shop"]), ran.stdout
    assert ran.json["cluster"].endswith("applied by what is not in this repo")


def test_a_cluster_may_be_the_whole_repo(repo: GitopsRepo) -> None:
    files = {"flux-system/gotk-sync.yaml": flux("flux-system", "./"), "apps.yaml": flux("apps", "./apps/staging")}
    apps = {path: text for path, text in FLUX_EXAMPLE.items() if path.startswith("apps/")}
    more = {"kustomization.yaml": kustomization("flux-system/gotk-sync.yaml", "apps.yaml")}
    repo.commit(files | apps | more)
    ran = connect(repo, "staging", "--json", "--path", ".")
    assert ran.code == 0, ran.stdout
    expected = ["alert-releases", "alert-sources", "kustomization", "provider"]
    assert changed(repo) == ["M\tkustomization.yaml", *(f"A\twaybill-staging/{it}.yaml" for it in expected)]
    again = connect(repo, "staging", "--json", "--path", ".")
    assert (again.code, again.json["said"]) == (0, "connect/staging has it already")
