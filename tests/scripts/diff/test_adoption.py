"""A HelmRelease that people wrote is found in every layout; where a release could not be written to it alone it is
refused, with file, line and what to write instead."""

from pathlib import Path

import pytest

from scripts.gitops.places import place_of
from scripts.gitops.post_renderers import pin_image
from scripts.gitops.render import name_release
from tests.support.gitops_repo import COMMIT, waybill
from tests.support.scripts.adoption import ALONE, APP, found, refused
from tests.support.scripts.layouts import (
    D2,
    FILES,
    FLUX_EXAMPLE,
    HELM_RELEASE,
    HELM_REPOSITORY,
    HOME_OPS,
    LAYOUTS,
    flux,
    kustomization,
)


@pytest.mark.parametrize(
    ("layout", "root", "source", "place"),
    [
        ("flux-example", "apps/staging", None, "shop/orders"),
        ("home-ops", APP, f"{APP}/ocirepository.yaml", "default/orders"),
        ("d2", "components/shop/staging", "components/shop/staging/orders.yaml", None),
    ],
)
def test_it_is_found_in_every_layout(layout: str, root: str, source: str | None, place: str, tmp_path: Path) -> None:
    site = found(tmp_path, LAYOUTS[layout], FILES[layout])
    assert (site.folder, site.source and site.source.file) == (root, source)
    assert site.existing
    assert (site.existing.version, site.existing.chart) == ("0.0.9", "ghcr.io/acme/charts/orders")
    assert place_of(site.existing) == place


# What bootstrap applies has no kustomization: Flux takes every manifest below it.
BOOTSTRAP = {
    "clusters/staging/flux-system/kustomization.yaml": kustomization("gotk-sync.yaml"),
    "clusters/staging/flux-system/gotk-sync.yaml": flux("flux-system", "./clusters/staging"),
    "clusters/staging/shop/orders.yml": HELM_RELEASE.replace(
        "  name: orders\nspec", "  name: orders\n  namespace: shop\nspec"
    ),
    "clusters/staging/shop/repository.yaml": HELM_REPOSITORY.replace("orders\nspec", "orders\n  namespace: shop\nspec"),
    "clusters/staging/notes.txt": "kind: HelmRelease",
}


def test_a_folder_without_a_kustomization_is_built_as_flux_builds_it(tmp_path: Path) -> None:
    site = found(tmp_path, BOOTSTRAP, "clusters/staging/shop/orders.yml")
    assert site.folder == "clusters/staging"
    assert site.existing
    assert place_of(site.existing) == "shop/orders"
    assert site.existing.chart == "ghcr.io/acme/charts/orders"


def test_the_one_of_several_is_named(tmp_path: Path) -> None:
    """The source lies in another folder, for all."""
    both = (
        HELM_RELEASE
        + "---\n"
        + HELM_RELEASE.replace("name: orders\nspec", "name: billing\nspec").replace("0.0.9", "7.0.0")
    )
    files = {
        "apps/all.yaml": both,
        "apps/kustomization.yaml": kustomization("all.yaml", more="namespace: shop\n"),
        "sources/repository.yaml": HELM_REPOSITORY,
    }
    site = found(tmp_path, files, "apps/all.yaml#orders")
    assert (site.folder, site.release.name) == ("apps", "orders")
    assert site.existing
    assert site.existing.chart == "ghcr.io/acme/charts/orders"


LISTED = """\
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ServiceAccount, metadata: {name: orders}}
  - apiVersion: source.toolkit.fluxcd.io/v1
    kind: OCIRepository
    metadata: {name: orders}
    spec: {url: CHARTS/orders, ref: {tag: 0.0.9}}   # ✓
  - apiVersion: helm.toolkit.fluxcd.io/v2
    kind: HelmRelease
    metadata:
      name: orders
    spec:
      chartRef: {kind: OCIRepository, name: orders}
# the end"""


def test_an_item_of_a_list_is_written_where_it_stands(tmp_path: Path) -> None:
    """kustomize builds it as if it were a document."""
    path = "apps/all.yaml"
    site = found(tmp_path, {"apps/kustomization.yaml": kustomization("all.yaml"), path: LISTED}, path)
    files = {path: LISTED.encode()}
    name_release(files, site, waybill(), claimed=True)
    for digest in ("sha256:0", "sha256:1"):
        pin_image(files, site, "", {"name": "web", "digest": digest})
    annotations = "".join(
        f'        event.toolkit.fluxcd.io/{name}: "{said}"\n'
        for name, said in {
            "service": "orders",
            "release": "1.4.2",
            "image": f"ghcr.io/acme/orders@sha256:{'d' * 64}",
            "commit": COMMIT,
            "tests": "false",
            "tries": "unknown",
        }.items()
    )
    pin = '        - {"kustomize": {"images": [{"name": "web", "digest": "sha256:1"}]}}\n'
    assert files[path].decode() == LISTED.replace(
        "{tag: 0.0.9}", f'{{tag: 1.4.2, digest: "sha256:{"b" * 64}"}}'
    ).replace("      name: orders\n", f"      name: orders\n      annotations:\n{annotations}").replace(
        "    spec:\n", f"    spec:\n      postRenderers:\n{pin}"
    )


def test_a_flux_kustomization_of_another_repository_builds_nothing_here(tmp_path: Path) -> None:
    """As Flux's own first steps have one; mirrors and forks are called as their origin."""
    podinfo = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: podinfo}\n"
        "spec: {url: https://github.com/acme/NAME.git}\n"
    )
    theirs = flux("podinfo", "./").replace("name: flux-system\n", "name: podinfo\n")
    files = {**ALONE, "ks.yaml": flux("apps", "./apps"), "podinfo.yaml": f"{podinfo}---\n{theirs}"}
    for name, remote in (("podinfo", "git@example.org:acme/fleet.git"), ("Fleet", "https://example.org/x/podinfo")):
        there = {path: text.replace("NAME", name) for path, text in files.items()}
        site = found(tmp_path / name, there, "apps/orders.yaml", remote=remote)
        assert site.folder == "apps"
    for name, remote in (("Fleet", "ssh://git@mirror.example:22/platform/fleet"), ("podinfo", "/srv/fleet.git")):
        there = {path: text.replace("NAME", name) for path, text in files.items()}
        said = refused(tmp_path / f"{name}-2", there, "apps/orders.yaml", remote=remote)
        assert "Kustomization podinfo (podinfo.yaml, path .)" in said


def test_an_artifact_of_something_else_builds_nothing_here(tmp_path: Path) -> None:
    theirs = flux("podinfo", "./").replace("GitRepository", "OCIRepository")
    files = {**ALONE, "ks.yaml": flux("apps", "./apps"), "podinfo.yaml": theirs}
    assert found(tmp_path, files, "apps/orders.yaml").folder == "apps"


def test_a_prefix_of_its_name_is_followed(tmp_path: Path) -> None:
    files = {
        "apps/kustomization.yaml": kustomization("orders.yaml", "repository.yaml", more="namePrefix: eu-\n"),
        "apps/orders.yaml": HELM_RELEASE.replace("        name: orders\n", "        name: eu-orders\n"),
        "apps/repository.yaml": HELM_REPOSITORY,
    }
    site = found(tmp_path, files, "apps/orders.yaml")
    assert site.existing
    assert site.existing.name == "eu-orders"


SEVERAL = {
    "a base that two environments build": (
        FLUX_EXAMPLE,
        "apps/base/orders/release.yaml",
        ["clusters/production/apps.yaml", "clusters/staging/apps.yaml", "more than one environment", "Write a patch"],
    ),
    "a folder that two clusters apply": (
        {**HOME_OPS, "other/ks.yaml": flux("orders", f"./{APP}")},
        f"{APP}/helmrelease.yaml",
        ["other/ks.yaml", "kubernetes/apps/default/orders/ks.yaml", "more than one environment"],
    ),
    "a base whose environments are applied from elsewhere": (
        D2,
        "components/shop/base/orders.yaml",
        ["components/shop/production", "components/shop/staging", "more than one environment"],
    ),
    "a source that two environments build": (
        {path: text.partition("---")[0] if "/staging/orders" in path else text for path, text in D2.items()},
        "components/shop/staging/orders.yaml",
        ["components/shop/base/orders.yaml: OCIRepository orders", "components/shop/production", "Write a patch of it"],
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_what_more_than_one_environment_builds_from_is_refused(name: str, tmp_path: Path) -> None:
    files, helmrelease, words = SEVERAL[name]
    said = refused(tmp_path, files, helmrelease)
    for word in words:
        assert word in said
