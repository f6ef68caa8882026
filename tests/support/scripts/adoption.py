"""A HelmRelease that people wrote: the look at it in a folder, and a service that has one in its GitOps repo."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.diff.adoption import site_of
from scripts.diff.kustomizations import flux_kustomizations
from scripts.errors import Refused
from scripts.gitops.site import Site
from scripts.settings import EnvironmentSettings
from tests.support.builders import World
from tests.support.builders import commit as committed
from tests.support.gitops_repo import config
from tests.support.scripts.layouts import (
    FILES,
    HELM_RELEASE,
    HELM_REPOSITORY,
    HOME_OPS,
    OCI_REPOSITORY,
    at,
    kustomization,
)

CHARTS = "oci://ghcr.io/acme/charts"
APP = "kubernetes/apps/default/orders/app"
Texts = Mapping[str, str]


def found(folder: Path, files: Texts, helmrelease: str, remote: str = "", **settings: str) -> Site:
    top = folder / "repo"
    for path, text in at(files, CHARTS).items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(text.encode(errors="surrogateescape"))
    tables = {"staging": EnvironmentSettings(helmrelease=helmrelease)}
    return site_of(
        top,
        tuple(flux_kustomizations(top, remote)),
        "staging",
        config("/g", environment_tables=tables, **settings),
        CHARTS,
    )


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


def commit(world: World, files: Mapping[str, str], branch: str = "main") -> None:
    """A person's commit to the GitOps repo."""
    committed(world.gitops, at(files, f"oci://{world.registry}/charts-{world.folder.name}"), branch)


def adopt(world: World, layout: str, *, environment: str = "staging") -> None:
    file = FILES[layout].replace("staging", environment)
    ran = world.waybill("adopt", "--environment", environment, "--file", file)
    assert ran.code == 0, ran.stderr
    world.commit({})
