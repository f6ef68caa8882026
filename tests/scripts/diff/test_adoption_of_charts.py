"""A HelmRelease of people has to get the service's chart, by an exact version, from where it is published; refused is
also what else says the version, and another name of the chart."""

from pathlib import Path

import pytest

from tests.support.scripts.adoption import ALONE, APP, CHARTS, alone, found, pinned, refused
from tests.support.scripts.layouts import (
    FILES,
    FLUX_EXAMPLE,
    HELM_RELEASE,
    HELM_REPOSITORY,
    HOME_OPS,
    OCI_REPOSITORY,
    PATCH,
    flux,
    kustomization,
)

SOURCES = {
    "nothing": (
        alone("      sourceRef:\n        kind: HelmRepository\n        name: orders\n", ""),
        ["apps/orders.yaml: no source of the chart is named, and Waybill publishes it to"],
    ),
    "git": (
        alone("kind: HelmRepository", "kind: GitRepository"),
        ["apps/orders.yaml, line 13", "GitRepository orders"],
    ),
    "a bucket": (alone("kind: HelmRepository", "kind: Bucket"), ["apps/orders.yaml, line 13", "Bucket orders"]),
    "http": (
        alone("  type: oci\n", "", "apps/repository.yaml")
        | {"apps/repository.yaml": HELM_REPOSITORY.replace("CHARTS", "https://charts.example/")},
        ["apps/repository.yaml, line 8", "https://charts.example, over HTTP", f"url: {CHARTS}"],
    ),
    "another address": (
        alone("url: CHARTS", "url: CHARTS/team", "apps/repository.yaml"),
        ["apps/repository.yaml, line 8", f"at {CHARTS}/team", f"url: {CHARTS}"],
    ),
    "another address of an OCIRepository": (
        {**HOME_OPS, f"{APP}/ocirepository.yaml": OCI_REPOSITORY.replace("CHARTS", "oci://other.example")},
        [f"{APP}/ocirepository.yaml, line 7", f"publishes to {CHARTS}/orders", "`url: "],
    ),
    "an OCIRepository that Flux builds elsewhere": (
        {**HOME_OPS, f"{APP}/kustomization.yaml": kustomization("./helmrelease.yaml")},
        [
            f"{APP}/helmrelease.yaml, line 10: the OCIRepository orders of the chart",
            f"is in {APP}/ocirepository.yaml, line 5",
            f"not in what Flux builds from Kustomization orders (kubernetes/apps/default/orders/ks.yaml, path {APP})",
            f"Write an OCIRepository of another name, with the version that runs now, as a document into {APP}",
            "leave orders where it is",
        ],
    ),
    "an OCIRepository that is anchored": (
        pinned("  name: orders\n", "  name: orders\n  labels: &all {team: shop}\n  annotations: *all\n"),
        [f"{APP}/ocirepository.yaml in the GitOps repo, metadata.annotations", "alias of metadata.labels on line 5"],
    ),
    "an OCIRepository that stands twice": (
        pinned("    tag: 0.0.9\n", f"    tag: 0.0.9\n---\n{OCI_REPOSITORY}"),
        ["kustomize"],
    ),
    "an OCIRepository of several": (
        {
            **HOME_OPS,
            f"{APP}/kustomization.yaml": kustomization("./helmrelease.yaml", "./ocirepository.yaml", "./worker.yaml"),
            f"{APP}/worker.yaml": HOME_OPS[f"{APP}/helmrelease.yaml"]
            .replace("name: &app orders", "name: worker")
            .replace("*app", "orders"),
        },
        [f"{APP}/ocirepository.yaml: HelmRelease worker gets its chart", "Give orders an OCIRepository of its own"],
    ),
    "a HelmChart": (
        {
            path: text.replace("kind: OCIRepository\n    name", "kind: HelmChart\n    name")
            for path, text in HOME_OPS.items()
        },
        [f"{APP}/helmrelease.yaml, line 10", "HelmChart orders, which holds the version itself"],
    ),
}
VERSIONS = {
    "a range": (
        alone("0.0.9 ", '">=0.0.1" '),
        ["apps/orders.yaml, line 11", "`>=0.0.1` is a range", "`version: X.Y.Z`"],
    ),
    "no version": (alone("      version: 0.0.9   # what runs\n", ""), ["no version is named", "into apps/orders.yaml"]),
    "a number": (alone("0.0.9 ", "1.10 "), ["apps/orders.yaml, line 11: `1.10` is a range"]),
    "several lines": (
        alone("version: 0.0.9   # what runs", "version: >-\n        0.0.9"),
        ["apps/orders.yaml in the GitOps repo, line 11, spec.chart.spec.version", "Write it on one line"],
    ),
    "a part of one": (alone("0.0.9 ", '"1.2" '), ["`1.2` is a range"]),
    "a variable": (alone("0.0.9 ", "${orders_version} "), ["line 11", "${orders_version}, which Flux fills in"]),
    "a marker": (
        alone("# what runs", '# {"$imagepolicy": "flux-system:orders:tag"}'),
        ["apps/orders.yaml, line 11", "the marker $imagepolicy", "Take the marker away"],
    ),
    "ref.semver": (
        pinned("tag: 0.0.9", 'semver: "0.0.9" # {"$imagepolicy": "flux-system:orders:tag"}'),
        [
            f"{APP}/ocirepository.yaml, line 12",
            "ref.semver lets Flux choose",
            "`ref: {tag: X.Y.Z, digest: sha256:...}`",
        ],
    ),
    "a tag with a marker": (
        pinned("tag: 0.0.9", 'tag: 0.0.9 # {"$imagepolicy": "flux-system:orders:tag"}'),
        [f"{APP}/ocirepository.yaml, line 12", "the marker $imagepolicy"],
    ),
    "a JSON 6902 patch": (
        ALONE
        | {
            "apps/kustomization.yaml": kustomization(
                "orders.yaml",
                "repository.yaml",
                more="patches:\n  - target: {kind: HelmRelease}\n    patch: |-\n      - op: replace\n"
                "        path: /spec/chart/spec/version\n        value: 0.0.8\n",
            )
        },
        [
            "Flux does not get what is written there",
            "(apps/kustomization.yaml, line 10: path: /spec/chart/spec/version)",
        ],
    ),
    "a patch of the digest alone": (
        {
            **HOME_OPS,
            f"{APP}/kustomization.yaml": kustomization(
                "./helmrelease.yaml",
                "./ocirepository.yaml",
                more="patches:\n  - target: {kind: OCIRepository}\n    patch: |-\n      - op: add\n"
                f"        path: /spec/ref/digest\n        value: sha256:{'a' * 64}\n",
            ),
        },
        ["Flux does not get what is written there", f"({APP}/kustomization.yaml, line 10: path: /spec/ref/digest)"],
    ),
    "a replacement": (
        ALONE
        | {
            "apps/kustomization.yaml": kustomization(
                "orders.yaml",
                "repository.yaml",
                "versions.yaml",
                more="replacements:\n  - source: {kind: ConfigMap, name: versions, fieldPath: data.orders}\n"
                "    targets:\n      - select: {kind: HelmRelease}\n        fieldPaths: [spec.chart.spec.version]\n",
            ),
            "apps/versions.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: versions}\n"
            "data: {orders: 0.0.8}\n",
        },
        ["Flux does not get what is written there", "(apps/kustomization.yaml, line 7: replacements:)"],
    ),
    "a patch of the Flux Kustomization": (
        {
            **ALONE,
            "ks.yaml": flux(
                "orders",
                "./apps",
                "  patches:\n    - target: {kind: HelmRelease}\n      patch: |\n        - op: add\n"
                "          path: /spec/chart/spec/version\n          value: 0.0.8\n",
            ),
        },
        ["Flux does not get what is written there", "(ks.yaml, line 17: path: /spec/chart/spec/version)"],
    ),
    "a patch of the Flux Kustomization, as a HelmRelease": (
        {
            **ALONE,
            "ks.yaml": flux(
                "orders",
                "./apps",
                "  patchesStrategicMerge:\n    - {apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: "
                "{name: orders}, spec: {chart: {spec: {version: 0.0.8}}}}\n",
            ),
        },
        ["Flux does not get what is written there", "(ks.yaml: its patches)"],
    ),
    "a patch above it": (
        {**FLUX_EXAMPLE, "apps/staging/orders-values.yaml": PATCH + "  chart: {spec: {version: 0.0.8}}\n"}
        | {path: "{}" for path in FLUX_EXAMPLE if "production" in path},
        [
            "apps/base/orders/release.yaml: Flux does not get what is written there",
            "(apps/staging/orders-values.yaml, line 10: spec.chart.spec.version)",
        ],
    ),
    "two patches, of which the other one is the last": (
        {
            **FLUX_EXAMPLE,
            "apps/staging/kustomization.yaml": kustomization(
                "../base/orders", more="patches: [{path: orders-values.yaml}, {path: hotfix.yaml}]\n"
            ),
            "apps/staging/hotfix.yaml": PATCH + "  chart: {spec: {version: 0.0.8}}\n",
        },
        [
            "apps/staging/orders-values.yaml: Flux does not get what is written there",
            "(apps/staging/hotfix.yaml, line 10: spec.chart.spec.version)",
        ],
    ),
}
IN_PLACE = "  upgrade: {chartNameChangeStrategy: InPlaceUpdate}\n"
NAME = "apps/orders.yaml, line 10: the HelmRelease installs the chart legacy, and the chart of this service is orders"


def test_a_patch_of_the_flux_kustomization_reads_no_file(tmp_path: Path) -> None:
    patch = HELM_RELEASE.replace("0.0.9", "0.0.8")
    (tmp_path / "patch.yaml").write_text(patch)
    more = f"  patches:\n    - path: {tmp_path}/patch.yaml\n    - path: ../../../../patch.yaml\n"
    said = refused(tmp_path, {**ALONE, "ks.yaml": flux("orders", "./apps", more)}, "apps/orders.yaml")
    assert "kustomize" in said
    assert "must specify one of patch and path" in said


def test_a_digest_alone_is_exact(tmp_path: Path) -> None:
    site = found(tmp_path, pinned("tag: 0.0.9", f"digest: sha256:{'a' * 64}"), f"{APP}/helmrelease.yaml")
    assert site.existing
    assert site.existing.version == ""


NAMES = {
    "another chart": (alone("chart: orders", "chart: legacy"), {}, [NAME, "uninstalls", "Call the chart legacy"]),
    "in place, with an old Flux": (
        {**ALONE, "apps/orders.yaml": HELM_RELEASE.replace("chart: orders", "chart: legacy") + IN_PLACE},
        {"flux_version": "2.8"},
        [NAME, "Flux 2.8 (`flux_version` in waybill.toml) does not know InPlaceUpdate"],
    ),
    "an OCIRepository of another chart": (
        pinned("CHARTS/orders", "CHARTS/legacy"),
        {},
        [f"{APP}/ocirepository.yaml, line 7: the HelmRelease installs the chart legacy", "uninstalls"],
    ),
}


@pytest.mark.parametrize("name", SOURCES | VERSIONS)
def test_a_chart_that_does_not_come_by_an_exact_version_from_where_it_is_published_is_refused(
    name: str, tmp_path: Path
) -> None:
    files, words = (SOURCES | VERSIONS)[name]
    places = (f"{APP}/helmrelease.yaml", "apps/orders.yaml", "apps/base/orders/release.yaml")
    file = FILES["flux-example"] if "two patches" in name else next(path for path in places if path in files)
    said = refused(tmp_path, files, file)
    for word in words:
        assert word in said


@pytest.mark.parametrize("name", NAMES)
def test_another_chart_name_which_would_uninstall_is_refused(name: str, tmp_path: Path) -> None:
    files, settings, words = NAMES[name]
    said = refused(tmp_path, files, f"{APP}/helmrelease.yaml" if APP in str(files) else "apps/orders.yaml", **settings)
    for word in words:
        assert word in said


def test_a_chart_that_is_renamed_in_place_is_renamed_by_the_release(tmp_path: Path) -> None:
    text = HELM_RELEASE.replace("chart: orders", "chart: legacy") + IN_PLACE
    site = found(tmp_path, {**ALONE, "apps/orders.yaml": text}, "apps/orders.yaml")
    assert site.existing
    assert (site.existing.renames, site.existing.chart) == (True, "ghcr.io/acme/charts/legacy")
