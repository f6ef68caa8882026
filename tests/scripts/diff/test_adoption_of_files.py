"""A file is refused that is no single HelmRelease of one build, or that a release could not be written to alone."""

from pathlib import Path

import pytest

from tests.support.scripts.adoption import ALONE, refused
from tests.support.scripts.layouts import HELM_RELEASE, PATCH, kustomization

FILES_REFUSED = {
    "no such file": (ALONE, "apps/order.yaml", ["has no file apps/order.yaml", "Correct `helmrelease`"]),
    "a name that no file can have": (ALONE, f"{'x' * 300}.yaml", ["has no file xxx", "a symbolic link is none"]),
    "a name with a control character": (ALONE, "apps/\0.yaml", ["has no file apps/"]),
    "no such name": (ALONE, "apps/orders.yaml#billing", ["HelmRelease billing of staging, and holds orders", "#NAME"]),
    "several": (
        {
            **ALONE,
            "apps/orders.yaml": HELM_RELEASE + "---\n" + HELM_RELEASE.replace("name: orders\nspec", "name: b\nspec"),
        },
        "apps/orders.yaml",
        ["holds orders and b", "apps/orders.yaml#NAME"],
    ),
    "twice the same": (
        {**ALONE, "apps/orders.yaml": HELM_RELEASE + "---\n" + HELM_RELEASE},
        "apps/orders.yaml#orders",
        ["holds 2 called orders"],
    ),
    "no HelmRelease": (ALONE, "apps/repository.yaml", ["holds none", "Name a file with a HelmRelease"]),
    "a HelmRelease of another API": (
        {**ALONE, "apps/orders.yaml": HELM_RELEASE.replace("helm.toolkit.fluxcd.io/v2", "helm.fluxcd.io/v1")},
        "apps/orders.yaml",
        ["apps/orders.yaml: helm.fluxcd.io/v1 is not Flux's HelmRelease", "helm.toolkit.fluxcd.io/v2"],
    ),
    "a ResourceSet": (
        {
            **ALONE,
            "apps/orders.yaml": "apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nmetadata: {name: orders}\n"
            "spec:\n  inputs: [{version: 0.0.9}]\n  resources: []\n",
        },
        "apps/orders.yaml",
        ["apps/orders.yaml is a ResourceSet, whose inputs say the version"],
    ),
    "no UTF-8": (
        {**ALONE, "apps/orders.yaml": HELM_RELEASE.replace("what runs", "\udce9")},
        "apps/orders.yaml",
        ["apps/orders.yaml, line 11: it is not UTF-8", "Save it as UTF-8"],
    ),
    "a control character": (
        {**ALONE, "apps/orders.yaml": HELM_RELEASE.replace("what runs", "\0")},
        "apps/orders.yaml",
        ["apps/orders.yaml, line 11: it has the character U+0000", "Remove control characters"],
    ),
    "two kustomizations in a folder": (
        {**ALONE, "apps/Kustomization": ALONE["apps/kustomization.yaml"]},
        "apps/orders.yaml",
        ["Found multiple kustomization files under: apps |"],
    ),
    "what allows no other version": (
        {
            **ALONE,
            "apps/kustomization.yaml": kustomization(
                *("orders.yaml", "repository.yaml"),
                more="patches:\n  - target: {kind: HelmRelease}\n    patch: |-\n"
                "      - {op: test, path: /spec/chart/spec/version, value: 0.0.9}\n",
            ),
        },
        "apps/orders.yaml",
        [
            "apps/orders.yaml: with a release written there Flux could not build it (apps/kustomization.yaml, line 9: ",
            "testing value /spec/chart/spec/version failed",
        ],
    ),
    "annotations that the build sets": (
        {
            **ALONE,
            "apps/kustomization.yaml": kustomization(
                "orders.yaml", "repository.yaml", more="commonAnnotations: {event.toolkit.fluxcd.io/image: theirs}\n"
            ),
        },
        "apps/orders.yaml",
        ["Flux does not get what is written there (apps/kustomization.yaml, line 6: commonAnnotations"],
    ),
    "no YAML": (
        {**ALONE, "apps/orders.yaml": "a: [\n"},
        "apps/orders.yaml",
        ["apps/orders.yaml, line 2", "Correct it"],
    ),
    "what nothing builds": (
        {**ALONE, "apps/kustomization.yaml": kustomization("repository.yaml")},
        "apps/orders.yaml",
        ["No kustomization of the GitOps repo builds apps/orders.yaml", "Name it in the kustomization.yaml"],
    ),
    "a patch of nothing": (
        {
            **ALONE,
            "apps/kustomization.yaml": kustomization(
                "orders.yaml", "repository.yaml", more="patches: [{path: p.yaml, target: {name: nobody}}]\n"
            ),
            "apps/p.yaml": PATCH,
        },
        "apps/p.yaml",
        ["a build of apps makes 0 HelmReleases of it"],
    ),
    "a patch of several": (
        {
            **ALONE,
            "apps/kustomization.yaml": kustomization(
                *("orders.yaml", "b.yaml", "repository.yaml"),
                more="patches: [{path: p.yaml, target: {kind: HelmRelease}}]\n",
            ),
            "apps/b.yaml": HELM_RELEASE.replace("name: orders\nspec", "name: b\nspec"),
            "apps/p.yaml": PATCH,
        },
        "apps/p.yaml",
        ["a build of apps makes 2 HelmReleases of it, b and orders"],
    ),
    "a file that a ConfigMap is made of, too": (
        {
            **ALONE,
            "apps/kustomization.yaml": kustomization(
                "orders.yaml", "repository.yaml", more="configMapGenerator: [{name: a, files: [orders.yaml]}]\n"
            ),
        },
        "apps/orders.yaml",
        ["would change ConfigMap a-", "as well"],
    ),
}


@pytest.mark.parametrize("name", FILES_REFUSED)
def test_what_is_no_single_helm_release_is_refused(name: str, tmp_path: Path) -> None:
    files, helmrelease, words = FILES_REFUSED[name]
    said = refused(tmp_path, files, helmrelease)
    for word in words:
        assert word in said
