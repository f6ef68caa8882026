"""The GitOps templates as they lie: kustomize builds them, the API server would take every object."""

import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.flux_schemas import validate

CHECKOUT = Path(__file__).resolve().parents[2]
TEMPLATES = CHECKOUT / "gitops-templates"
KUSTOMIZATIONS = sorted(path.parent for path in TEMPLATES.rglob("kustomization.yaml"))


def build(folder: Path) -> list[dict[str, Any]]:
    output = subprocess.run(["kustomize", "build", folder], capture_output=True, check=True, text=True).stdout
    return [found for found in yaml.safe_load_all(output) if found]


def load(path: str) -> Any:
    return yaml.safe_load((TEMPLATES / path).read_text())


@pytest.mark.parametrize("folder", KUSTOMIZATIONS, ids=lambda folder: str(folder.relative_to(TEMPLATES)))
def test_every_folder_builds_and_every_object_is_valid(folder: Path) -> None:
    objects = build(folder)
    assert objects
    for found in objects:
        validate(found)


def test_the_file_of_a_service_is_valid() -> None:
    validate(load("cluster/service.yaml"))


def test_an_unknown_field_is_noticed() -> None:
    release = load("base/helmrelease.yaml")
    release["spec"]["upgrade"]["remediation"]["retrys"] = 3
    with pytest.raises(jsonschema.ValidationError, match="retrys"):
        validate(release)


@pytest.mark.parametrize("folder", KUSTOMIZATIONS, ids=lambda folder: str(folder.relative_to(TEMPLATES)))
def test_every_file_of_a_folder_is_listed(folder: Path) -> None:
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    listed = {*kustomization["resources"], *(patch["path"] for patch in kustomization.get("patches", []))}
    assert {path.name for path in folder.iterdir()} - {"kustomization.yaml"} == listed - {"../base"}


def test_the_two_sources_differ_in_the_source_alone() -> None:
    default, pinned = load("base/helmrelease.yaml"), load("oci-repository/base/helmrelease.yaml")
    assert default["spec"].pop("chart")["spec"]["sourceRef"]["kind"] == "HelmRepository"
    assert pinned["spec"].pop("chartRef")["kind"] == "OCIRepository"
    assert default == pinned
    default, pinned = load("overlay/release.yaml"), load("oci-repository/overlay/release.yaml")
    assert default.pop("spec") == {"chart": {"spec": {"version": "0.0.0"}}}
    assert default == pinned


def test_the_role_allows_what_the_chart_renders_and_no_more() -> None:
    """Kinds are read from the templates themselves, so an option that is off by default counts too."""
    kinds = {
        kind
        for path in (CHECKOUT / "chart" / "templates").rglob("*.yaml")
        for kind in re.findall(r"^kind: (\w+)$", path.read_text(), re.MULTILINE)
    }
    plural = {kind: re.sub("ys$", "ies", kind.lower() + "s").replace("ingresss", "ingresses") for kind in kinds}
    writable, readable = set(), set()
    for rule in load("cluster/waybill/apps/role.yaml")["rules"]:
        (writable if "create" in rule["verbs"] else readable).update(rule["resources"])
        assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"]
    assert writable == {*plural.values(), "secrets"}
    assert readable == {"pods", "replicasets"}
