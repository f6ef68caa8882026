"""A GitOps repo that three services share and that people edit, over many releases."""

import subprocess
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.clients.git import Git
from scripts.diff.repo import export
from tests.support.gitops_repo import GitopsRepo, waybill

SERVICES = ("orders", "orders-api", "on")
ENVIRONMENTS = ("staging", "production")
OCI = {"flux_source": "oci-repository"}


def everything(repo: GitopsRepo) -> dict[str, bytes]:
    return Git(repo.bare).files("main", ".")


def built(repo: GitopsRepo, folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """What Flux gets of each overlay: `apps/<service>/<environment>` -> kind -> object."""
    export(Git(repo.bare), "main", folder)
    overlays = [f"apps/{service}/{environment}" for service in SERVICES for environment in ENVIRONMENTS]
    texts = [
        subprocess.run(["kustomize", "build", folder / path], capture_output=True, check=True) for path in overlays
    ]
    return {
        path: {item["kind"]: item for item in yaml.safe_load_all(text.stdout)}
        for path, text in zip(overlays, texts, strict=True)
    }


@pytest.mark.long
@pytest.mark.parametrize("source", [{}, OCI], ids=["helm-repository", "oci-repository"])
def test_what_people_write_survives_ten_releases(repo: GitopsRepo, tmp_path: Path, source: dict[str, str]) -> None:
    for service in SERVICES:
        repo.propose(waybill(service, "1.0.0"), *ENVIRONMENTS, **source)
        repo.merge(f"apps/{service}")
    staging, base = "apps/orders/staging", "apps/orders/base"
    spec = "" if source else "  values: {a: [1, 2],\n    b: 'x'}   # ours\r\n  install: {crds: Skip}\n"
    files = everything(repo)
    files[f"{staging}/release.yaml"] = b"\xef\xbb\xbf# Ours: \xf0\x9f\x9a\xa2\n" + files[f"{staging}/release.yaml"]
    files[f"{staging}/release.yaml"] += spec.encode()
    for path, old, new in (
        (f"{staging}/kustomization.yaml", b"- ../base\n", b"- ../base\n  -   extra.yaml\n"),
        (f"{base}/helmrelease.yaml", b"  interval: 30m\n", b"  interval:   7m # faster\n"),
        ("clusters/staging/orders.yaml", b"  prune: true\n", b"  prune: false\n"),
    ):
        assert old in files[path]
        files[path] = files[path].replace(old, new)
    files[f"{staging}/extra.yaml"] = b"apiVersion: v1\nkind:   ConfigMap\nmetadata: {name: mine}"
    files[f"{base}/NOTES.md"] = b"Ask the team before you change this.\n"
    files["clusters/staging/infrastructure.yaml"] = b"# not a service\n"
    repo.commit(files)
    before = everything(repo)
    for number, flags in zip(range(1, 11), cycle([(), ("--squash",), ("--ff-only",)]), strict=False):
        repo.propose(waybill(version=f"1.0.{number}", digest=f"{number:x}"), **source)
        repo.merge("apps/orders", *flags)
    after = everything(repo)
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {f"{staging}/release.yaml", *([f"{staging}/source.yaml"] if source else [])}
    for path in changed:
        assert after[path] == before[path].replace(b'"1.0.0"', b'"1.0.10"').replace(b"d" * 64, b"a" * 64)

    overlays = built(repo, tmp_path / "built")
    assert set(overlays[staging]) > {"ConfigMap", "HelmRelease"}
    assert overlays[staging]["HelmRelease"]["spec"]["interval"] == "7m"
    for path, objects in overlays.items():
        release = objects["HelmRelease"]
        assert (release["metadata"]["name"], release["metadata"]["namespace"]) == (path.split("/")[1], "apps")
        said = release["metadata"]["annotations"]["event.toolkit.fluxcd.io/release"]
        assert said == ("1.0.10" if path == staging else "1.0.0")


def test_a_new_environment_is_one_word_and_touches_no_other(repo: GitopsRepo) -> None:
    repo.propose()
    repo.merge("apps/orders")
    before = everything(repo)
    repo.propose(waybill(), "canary", environments=("staging", "canary", "production"))
    repo.merge("apps/orders")
    after = everything(repo)
    assert before.items() <= after.items()
    assert sorted(after.keys() - before.keys()) == [
        "apps/orders/canary/kustomization.yaml",
        "apps/orders/canary/release.yaml",
        "clusters/canary/orders.yaml",
    ]
    assert after["apps/orders/canary/release.yaml"] == after["apps/orders/staging/release.yaml"]
