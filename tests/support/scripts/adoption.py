"""The look at a HelmRelease that people wrote, in a repo that is a folder."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.diff.adoption import site_of
from scripts.errors import Refused
from scripts.gitops.site import Site
from scripts.settings import EnvironmentSettings
from tests.support.gitops_repo import config
from tests.support.scripts.layouts import HELM_RELEASE, HELM_REPOSITORY, HOME_OPS, OCI_REPOSITORY, at, kustomization

CHARTS = "oci://ghcr.io/acme/charts"
APP = "kubernetes/apps/default/orders/app"
Texts = Mapping[str, str]


def found(folder: Path, files: Texts, helmrelease: str, **settings: str) -> Site:
    top = folder / "repo"
    for path, text in at(files, CHARTS).items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text)
    tables = {"staging": EnvironmentSettings(helmrelease=helmrelease)}
    return site_of(top, "staging", config("/g", environment_tables=tables, **settings), CHARTS)


def refused(folder: Path, files: Texts, helmrelease: str, **settings: str) -> str:
    with pytest.raises(Refused) as error:
        found(folder, files, helmrelease, **settings)
    assert error.value.fault == "gitops"
    return f"{error.value.what} | {error.value.remedy}"


ALONE = {
    "apps/kustomization.yaml": kustomization("orders.yaml", "repository.yaml"),
    "apps/orders.yaml": HELM_RELEASE,
    "apps/repository.yaml": HELM_REPOSITORY,
}


def alone(old: str, new: str, file: str = "apps/orders.yaml") -> dict[str, str]:
    assert old in ALONE[file]
    return {**ALONE, file: ALONE[file].replace(old, new)}


def pinned(old: str, new: str) -> dict[str, str]:
    assert old in OCI_REPOSITORY
    return {**HOME_OPS, f"{APP}/ocirepository.yaml": OCI_REPOSITORY.replace(old, new)}
