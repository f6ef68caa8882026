"""A new service is applied from what applies its cluster's folder: by `flux bootstrap`, flux-system, not gitops."""

from pathlib import Path

import pytest
import yaml

from tests.support.flux_schemas import validate
from tests.support.gitops_repo import GitopsRepo, waybill

FILE = "clusters/staging/orders.yaml"


def sync(path: str, kind: str = "GitRepository", name: str = "flux-system", namespace: str = "flux-system") -> str:
    """gotk-sync.yaml, as `flux bootstrap` writes it, but for the source's own object."""
    return f"""apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: flux-system, namespace: {namespace}}}
spec:
  interval: 10m
  path: {path}
  prune: true
  sourceRef: {{kind: {kind}, name: {name}}}
"""


@pytest.fixture
def repo(tmp_path: Path) -> GitopsRepo:
    return GitopsRepo(tmp_path)


@pytest.mark.parametrize("path", ["./clusters/staging", "clusters/staging/", "./clusters", "./", "."])
def test_after_flux_bootstrap_it_comes_from_its_source(repo: GitopsRepo, path: str) -> None:
    repo.commit({"clusters/staging/flux-system/gotk-sync.yaml": sync(path)})
    repo.propose()
    made = yaml.safe_load(repo.text(FILE, "apps/orders"))
    validate(made)
    assert made["spec"]["sourceRef"] == {"kind": "GitRepository", "name": "flux-system"}
    assert (made["metadata"]["namespace"], made["spec"]["path"]) == ("flux-system", "./apps/orders/staging")


def test_a_source_of_another_kind_and_place_is_kept_and_the_nearest_one_counts(repo: GitopsRepo) -> None:
    repo.commit(
        {
            "clusters/all.yaml": sync("./clusters"),
            "clusters/staging/sync.yaml": sync("./clusters/staging", "OCIRepository", "fleet", "gitops-system"),
            "clusters/production/sync.yaml": sync("./clusters/production", name="other"),
        }
    )
    repo.propose()
    made = yaml.safe_load(repo.text(FILE, "apps/orders"))
    assert made["spec"]["sourceRef"] == {"kind": "OCIRepository", "name": "fleet"}
    assert made["metadata"]["namespace"] == "gitops-system"


def test_where_the_repo_does_not_tell_it_the_templates_name_stands(repo: GitopsRepo) -> None:
    repo.commit({"clusters/production/sync.yaml": sync("./clusters/production")})
    repo.propose()
    assert yaml.safe_load(repo.text(FILE, "apps/orders"))["spec"]["sourceRef"]["name"] == "gitops"


def test_a_file_that_is_there_stays_as_it_is(repo: GitopsRepo) -> None:
    repo.propose()
    repo.merge("apps/orders")
    repo.commit({"clusters/staging/flux-system/gotk-sync.yaml": sync("./clusters/staging")})
    before = repo.text(FILE)
    repo.propose(waybill(version="1.5.0"))
    assert repo.text(FILE, "apps/orders") == before
