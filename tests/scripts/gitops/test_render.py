"""The files of the GitOps repo after a release: what is written once, what is spliced, what is left alone."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import UNSET, structs

from scripts.errors import Refused
from scripts.gitops.render import UNPUBLISHED, render
from tests.support.flux_schemas import validate
from tests.support.gitops_repo import config, render_all, waybill

OCI = {"flux_source": "oci-repository"}
RELEASE = "apps/orders/staging/release.yaml"


def build(files: Mapping[str, bytes], folder: Path, path: str) -> dict[str, dict[str, Any]]:
    """kind -> object of `path`, as kustomize builds it."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    output = subprocess.run(["kustomize", "build", folder / path], capture_output=True, check=True).stdout
    return {found["kind"]: found for found in yaml.safe_load_all(output)}


@pytest.mark.parametrize("source", [{}, OCI], ids=["helm-repository", "oci-repository"])
def test_the_first_release_builds_to_valid_objects_that_name_it(source: dict[str, str], tmp_path: Path) -> None:
    files = render_all({}, waybill(), config("/g", service_account="releases", plain_http=True, **source))
    built = build(files, tmp_path, "apps/orders/staging")
    for found in built.values():
        validate(found)
        assert found["metadata"]["namespace"] == "apps"
        assert found["metadata"]["name"] == "orders"
    release = built["HelmRelease"]
    assert release["spec"]["serviceAccountName"] == "releases"
    assert release["metadata"]["annotations"] == {
        "event.toolkit.fluxcd.io/service": "orders",
        "event.toolkit.fluxcd.io/release": "1.4.2",
        "event.toolkit.fluxcd.io/image": f"ghcr.io/acme/orders@sha256:{'d' * 64}",
        "event.toolkit.fluxcd.io/commit": "c0ffee0000000000000000000000000000000000",
        "event.toolkit.fluxcd.io/tests": "unknown",
        "event.toolkit.fluxcd.io/tries": "unknown",
    }
    if source:
        repository = built["OCIRepository"]["spec"]
        assert repository["url"] == "oci://ghcr.io/acme/charts/orders"
        assert repository["ref"] == {"tag": "1.4.2", "digest": f"sha256:{'b' * 64}"}
        assert release["spec"]["chartRef"] == {"kind": "OCIRepository", "name": "orders"}
    else:
        repository = built["HelmRepository"]["spec"]
        assert repository["url"] == "oci://ghcr.io/acme/charts"
        chart = release["spec"]["chart"]["spec"]
        assert (chart["chart"], chart["version"]) == ("orders", "1.4.2")
        assert chart["sourceRef"] == {"kind": "HelmRepository", "name": "orders"}
    assert repository["insecure"] is True
    cluster = yaml.safe_load(files["clusters/staging/orders.yaml"])
    validate(cluster)
    assert (cluster["metadata"]["name"], cluster["spec"]["path"]) == ("orders-staging", "./apps/orders/staging")


def test_the_same_release_again_changes_nothing() -> None:
    files = render_all({}, waybill(), config("/g"))
    assert render(files, waybill(), config("/g"), ["staging"]) == {}


def test_three_services_share_a_repo(tmp_path: Path) -> None:
    files: dict[str, bytes] = {}
    for service in ("orders", "orders-api", "on"):
        before = files
        files = render_all(files, waybill(service), config("/g", service), "staging", "production")
        assert all(f"/{service}/" in path or path.endswith(f"/{service}.yaml") for path in files.keys() - before.keys())
        assert before.items() <= files.items()
    for service in ("orders", "orders-api", "on"):
        for environment in ("staging", "production"):
            built = build(files, tmp_path, f"apps/{service}/{environment}")
            assert built["HelmRelease"]["metadata"]["name"] == service


def test_every_file_of_a_folder_is_listed_in_its_kustomization() -> None:
    for source in ({}, OCI):
        files = render_all({}, waybill(), config("/g", **source), "staging", "production")
        for folder in ("base", "staging", "production"):
            prefix = f"apps/orders/{folder}/"
            names = {path.removeprefix(prefix) for path in files if path.startswith(prefix)}
            kustomization = yaml.safe_load(files[f"{prefix}kustomization.yaml"])
            listed = {*kustomization["resources"], *(patch["path"] for patch in kustomization.get("patches", []))}
            assert names - {"kustomization.yaml"} == listed - {"../base"}


def test_a_new_environment_is_one_word() -> None:
    settings = config("/g", environments=("staging", "production", "canary"))
    before = render_all({}, waybill(), settings, "staging")
    added = render(before, waybill(), settings, ["canary"])
    assert sorted(added) == [
        "apps/orders/canary/kustomization.yaml",
        "apps/orders/canary/release.yaml",
        "clusters/canary/orders.yaml",
    ]


def test_hand_edits_survive_ten_releases_byte_for_byte() -> None:
    files = render_all({}, waybill(version="1.0.0"), config("/g"), "staging", "production")
    release = files[RELEASE].replace(
        b"\nspec:\n", b"\nspec:\n  # ours\n  interval:   7m\n  values: {a: [1, 2],\n    b: 'x'}\n"
    )
    release = release.replace(b'"1.0.0"\n', b'"1.0.0"   # which\r\n')
    files[RELEASE] = release
    files["apps/orders/base/helmrelease.yaml"] += b"\n# a note\n"
    files["apps/orders/staging/extra.yaml"] = b"kind:   ConfigMap\n"
    files["clusters/staging/orders.yaml"] = b"# moved to one file for all\n"
    started = dict(files)
    for number in range(1, 11):
        files = render_all(files, waybill(version=f"1.0.{number}", digest=f"{number % 10}"), config("/g"))
    changed = {path for path in started if files[path] != started[path]}
    assert changed == {RELEASE}
    expected = started[RELEASE].replace(b'"1.0.0"', b'"1.0.10"').replace(b"d" * 64, b"0" * 64)
    assert files[RELEASE] == expected


def test_a_removed_file_stays_removed() -> None:
    files = render_all({}, waybill(), config("/g"))
    del files["apps/orders/base/helmrepository.yaml"], files["clusters/staging/orders.yaml"]
    assert set(render(files, waybill(version="1.5.0"), config("/g"), ["staging"])) == {RELEASE}


def test_another_registry_moves_the_source() -> None:
    files = render_all({}, waybill(), config("/g"))
    moved = waybill(version="1.5.0")
    moved = structs.replace(moved, chart=structs.replace(moved.chart, repository="oci://other.example/c"))
    changed = render(files, moved, config("/g"), ["staging"])
    assert set(changed) == {RELEASE, "apps/orders/base/helmrepository.yaml"}
    assert b"url: oci://other.example/c\n" in changed["apps/orders/base/helmrepository.yaml"]


def test_a_registry_on_loopback_is_read_as_it_is_written_over_plain_http() -> None:
    local = structs.replace(waybill(), chart=structs.replace(waybill().chart, repository="oci://127.0.0.1:5000/c"))
    files = render({}, local, config("/g"), ["staging"])
    assert b"  insecure: true\n" in files["apps/orders/base/helmrepository.yaml"]
    remote = render({}, waybill(), config("/g"), ["staging"])
    assert b"insecure" not in remote["apps/orders/base/helmrepository.yaml"]


def test_before_publishing_only_the_digest_is_unknown() -> None:
    unpublished = waybill()
    unpublished = structs.replace(unpublished, chart=structs.replace(unpublished.chart, digest=UNSET))
    planned = render({}, unpublished, config("/g", **OCI), ["staging"])
    shipped = render({}, waybill(), config("/g", **OCI), ["staging"])
    source = "apps/orders/staging/source.yaml"
    assert planned.pop(source).replace(UNPUBLISHED.encode(), f"sha256:{'b' * 64}".encode()) == shipped.pop(source)
    assert planned == shipped


def refused(files: dict[str, bytes], **settings: Any) -> Refused:
    with pytest.raises(Refused) as error:
        render(files, waybill(version="1.5.0"), config("/g", **settings), ["staging"])
    return error.value


def test_what_does_not_fit_is_refused_by_name() -> None:
    files = render_all({}, waybill(), config("/g"))
    other = refused(files, **OCI)
    assert other.fault == "you"
    assert "apps/orders/base/helmrepository.yaml" in other.what
    moved = refused(files, namespace="shop")
    assert "says namespace apps, waybill.toml says shop" in moved.what
    assert 'namespace = "apps"' in moved.remedy
    broken = refused({**files, RELEASE: b"a: [\n"})
    assert broken.fault == "gitops"
    assert RELEASE in broken.what
    missing = refused({path: data for path, data in files.items() if path != RELEASE})
    assert missing.fault == "gitops"
    assert RELEASE in missing.what
    untold = structs.replace(waybill(), chart=structs.replace(waybill().chart, repository=UNSET))
    with pytest.raises(Refused, match="where the chart is published"):
        render({}, untold, config("/g"), ["staging"])
