"""What Flux Kustomizations, and kustomization files above the folder of an environment, do to it."""

from pathlib import Path

import pytest

from scripts.diff.appliers import Appliers
from scripts.diff.kustomizations import flux_kustomizations

FLUX = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {path: PATH}\n"
FOLDERS = {
    "apps/orders/staging/kustomization.yaml": "resources: [../base]\n",
    "apps/orders/base/kustomization.yaml": "resources: []\n",
}
OWN = {"clusters/staging/orders.yaml": FLUX.replace("PATH", "./apps/orders/staging")}
BASE, B = "apps/orders/base/kustomization.yaml", "clusters/staging/b.yaml"
WITHOUT = "what Flux makes of apps/orders/staging without"
PARENT, PATCHED = "clusters/staging/flux-system/sync.yaml", FLUX.replace("PATH", "./clusters/staging, patches: [{}]")
GIT = "sourceRef: {kind: GitRepository, name: b}"
FETCHED = {"clusters/staging/orders.yaml": FLUX.replace("PATH", f"apps/orders/staging, {GIT}")}
OTHER = FLUX.replace("PATH", "./, sourceRef: {kind: OCIRepository, name: c}")
SOURCE = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: b}\nspec: {LIMIT}\n"
NOT_FOUND = "the Flux Kustomization that applies apps/orders/staging, which is not found in the GitOps repo"


@pytest.mark.parametrize(
    ("files", "told", "is_sure_of_its_place"),
    [
        ({}, [NOT_FOUND], False),
        (OWN, [], True),
        ({"a.yaml": FLUX.replace("PATH", "apps/orders/../orders/staging/")}, [], True),
        ({"a.yaml": FLUX.replace("PATH", "./apps")}, [], True),  # Flux generates what is not there
        (
            {"a.yaml": FLUX.replace("PATH", "./apps"), "apps/kustomization.yaml": "resources: [orders]\nnamespace: b\n"}
            | {"apps/orders/kustomization.yaml": "resources: [staging]\n"},
            ["what namespace in apps/kustomization.yaml changes"],
            False,
        ),
        (
            {"a.yaml": FLUX.replace("PATH", "./apps"), "apps/kustomization.yaml": "resources: [other]\n"},
            [NOT_FOUND],
            False,
        ),
        (OWN | {PARENT: PATCHED}, [f"what patches in {PARENT} changes in clusters/staging/orders.yaml"], False),
        (
            {**OWN, PARENT: FLUX.replace("PATH", "./clusters/staging"), "top.yml": PATCHED.replace("/staging", "")},
            [
                "what patches in top.yml changes in clusters/staging/orders.yaml",
                f"what patches in top.yml changes in {PARENT}",
            ],
            False,
        ),
        (
            {**OWN, PARENT: FLUX.replace("PATH", "./clusters/staging")}
            | {"clusters/staging/kustomization.yaml": "namespace: a\nresources: [orders.yaml]\npatches: [{}]\n"},
            ["what patches in clusters/staging/kustomization.yaml changes in clusters/staging/orders.yaml"],
            False,
        ),
        (
            {**OWN, PARENT: FLUX.replace("PATH", "./clusters/staging, suspend: true")},
            [f"when Flux applies clusters/staging/orders.yaml: {PARENT} is suspended"],
            True,
        ),
        ({**OWN, PARENT: PATCHED.replace("clusters/staging", "clusters/production")}, [], True),
        (
            {"a.yaml": FLUX.replace("PATH", "./apps, sourceRef: {kind: ExternalArtifact, name: apps}")},
            ["which files of apps/orders/staging are in ExternalArtifact apps, which a.yaml applies"],
            True,
        ),
        ({**FETCHED, B: SOURCE.replace("LIMIT", "ignore: '/*\\n!/apps'")}, [], True),
        (
            {**FETCHED, B: SOURCE.replace("LIMIT", "ignore: base/")},
            [f"{WITHOUT} {BASE}, which ignore of GitRepository b in {B} leaves out"],
            True,
        ),
        (
            {**FETCHED, B: SOURCE.replace("LIMIT", "sparseCheckout: [apps/other]")}
            | {"clusters/b.yaml": SOURCE.replace("LIMIT", "ignore: base/")},
            [f"{WITHOUT} {BASE} and 1 more, which sparseCheckout of GitRepository b in {B} leaves out"],
            True,
        ),
        ({**FETCHED, B: SOURCE.replace("LIMIT", "sparseCheckout: [apps]")}, [], True),
        (
            {**FETCHED, B: SOURCE.replace("LIMIT", "suspend: true")},
            [f"when Flux applies it: GitRepository b in {B} is suspended"],
            True,
        ),
        # An artifact of something else, as soon as others get this repo from git.
        ({**FETCHED, "clusters/staging/more.yaml": OTHER}, [], True),
        ({PARENT: FLUX.replace("PATH", f"clusters, {GIT}"), "more.yaml": OTHER}, [NOT_FOUND], False),
        (
            {"more.yaml": OTHER},
            ["which files of apps/orders/staging are in OCIRepository c, which more.yaml applies"],
            True,
        ),
        ({**OWN, PARENT: FLUX.replace("PATH", "./clusters/staging, postBuild: {}")}, [], True),
        (
            {
                "clusters/staging/orders.yaml": FLUX.replace("PATH", "./apps/orders/staging, prune: '${prune}'"),
                PARENT: FLUX.replace("PATH", "./clusters/staging, postBuild: {substitute: {prune: 'true'}}"),
            },
            [f"what postBuild in {PARENT} changes in clusters/staging/orders.yaml"],
            False,
        ),
    ],
)
def test_what_flux_does_to_the_folder_and_to_what_applies_it(
    tmp_path: Path, files: dict[str, str], told: list[str], is_sure_of_its_place: bool
) -> None:
    for name, text in (FOLDERS | files).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = Appliers(tmp_path, "apps/orders/staging", tuple(flux_kustomizations(tmp_path)))
    assert found.unseen() == told
    assert found.stays() == is_sure_of_its_place


FOLLOWS = (
    f"when Flux applies it: GitRepository b in {B} follows %s, and it is proposed for main (`gitops_branch` in "
    "waybill.toml)"
)
PUTS = f"what include of GitRepository b in {B} puts there from %s"


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("ref: {branch: main}", []),
        ("ref: {name: refs/heads/main}", []),
        ("ref: {branch: main, commit: ''}", []),
        ("", [FOLLOWS % "the branch master"]),
        ("ref: {branch: production}", [FOLLOWS % "the branch production"]),
        ("ref: {branch: main, tag: v1}", [FOLLOWS % "the tag v1"]),
        ("ref: {tag: v1, semver: '*'}", [FOLLOWS % "the semver *"]),
        ("ref: {branch: main, commit: 0a1b}", [FOLLOWS % "the commit 0a1b"]),
        ("ref: {name: refs/pull/7/head}", [FOLLOWS % "the ref refs/pull/7/head"]),
        ("ref: {branch: main}, include: [{repository: {name: c}}]", []),
        ("ref: {branch: main}, include: [{repository: {name: apps}}]", [PUTS % "apps"]),
        ("ref: {branch: main}, include: [{repository: {name: c}, toPath: ./apps/orders/staging/c/}]", [PUTS % "c"]),
        ("ref: {branch: main}, include: [{repository: {name: c}, toPath: apps/orders/stag}]", []),
        ("ref: {branch: main}, include: 7", []),
        (
            "ref: {branch: main}, recurseSubmodules: true",
            ["what the submodule apps/orders/staging/shared holds, which GitRepository b fetches"],
        ),
    ],
)
def test_what_flux_fetches_beside_the_branch_that_is_proposed_for(tmp_path: Path, spec: str, told: list[str]) -> None:
    for name, text in {**FOLDERS, **FETCHED, B: SOURCE.replace("LIMIT", spec)}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    every = tuple(flux_kustomizations(tmp_path))
    found = Appliers(tmp_path, "apps/orders/staging", every, "main", ["apps/orders/staging/shared", "lib"])
    assert found.unseen() == told
