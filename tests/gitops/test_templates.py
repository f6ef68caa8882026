"""The GitOps templates as they lie: kustomize builds them, the API server would take every object."""

import re
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.support.crds import broken_rules
from tests.support.flux_schemas import schemas, validate

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


def test_every_object_keeps_the_rules_of_flux() -> None:
    objects = [found for folder in KUSTOMIZATIONS for found in build(folder)] + [load("cluster/service.yaml")]
    of_flux = [(found, schemas().get((found["apiVersion"], found["kind"]))) for found in objects]
    assert len({found["kind"] for found, schema in of_flux if schema}) == 8
    assert [said for found, schema in of_flux if schema for said in broken_rules(schema, found)] == []


def test_an_unknown_field_is_noticed() -> None:
    release = load("base/helmrelease.yaml")
    release["spec"]["upgrade"]["remediation"]["retrys"] = 3
    with pytest.raises(jsonschema.ValidationError, match="retrys"):
        validate(release)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("chartRef",), "either chart or chartRef must be set"),
        (("upgrade", "strategy", "retryInterval"), ".retryInterval can only be set when .name is 'RetryOnFailure'"),
    ],
)
def test_a_broken_rule_of_flux_is_noticed(path: tuple[str, ...], said: str) -> None:
    """Rules that no JSON Schema can say: CEL, in the CRD."""
    release = load("base/helmrelease.yaml")
    field = release["spec"]
    for key in path[:-1]:
        field = field[key]
    field[path[-1]] = {"kind": "OCIRepository", "name": "x"} if path[-1] == "chartRef" else "5m"
    schema = schemas()[release["apiVersion"], release["kind"]]
    assert [found.partition(": ")[2] for found in broken_rules(schema, release)] == [said]


OPTION = re.compile(r"^( *)# ( *(?:- )?[a-z][A-Za-z]*:(?: .*)?)$", re.MULTILINE)
OPTIONS = sorted(path for path in TEMPLATES.rglob("*.yaml") if OPTION.search(path.read_text()))


@pytest.mark.parametrize("path", OPTIONS, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_what_is_ready_to_be_switched_on_is_valid(path: Path) -> None:
    """Without its `#` each such block is a field that Flux takes, and where it belongs."""
    before, after = yaml.safe_load(path.read_text()), yaml.safe_load(OPTION.sub(r"\1\2", path.read_text()))
    validate(after)
    assert broken_rules(schemas()[after["apiVersion"], after["kind"]], after) == []
    spec = after["spec"]["chart"]["spec"] if after["kind"] == "HelmRelease" else after["spec"]
    added = spec.keys() - (before["spec"]["chart"]["spec"] if after["kind"] == "HelmRelease" else before["spec"]).keys()
    assert added, "nothing new"
    assert added <= {"secretRef", "verify"}


def test_secret_and_verification_are_ready_for_both_sources() -> None:
    assert [str(path.relative_to(TEMPLATES)) for path in OPTIONS] == [
        "artifact/manifests.yaml",
        "base/helmrelease.yaml",
        "base/helmrepository.yaml",
        "gitless/manifests.yaml",
        "oci-repository/base/ocirepository.yaml",
    ]


@pytest.mark.parametrize("path", ["base/helmrelease.yaml", "oci-repository/base/helmrelease.yaml"])
def test_the_choice_that_the_readme_shows_is_one_of_flux(path: str) -> None:
    (shown,) = re.findall(r"```yaml\n(install:.*?)```", (TEMPLATES / "README.md").read_text(), re.DOTALL)
    release = load(path)
    release["spec"] |= yaml.safe_load(shown)
    validate(release)
    assert broken_rules(schemas()[release["apiVersion"], release["kind"]], release) == []
    assert {release["spec"][it]["strategy"]["name"] for it in ("install", "upgrade")} == {"RetryOnFailure"}


def test_the_namespace_enforces_baseline_and_tells_of_restricted() -> None:
    labels = load("cluster/waybill/apps/namespace.yaml")["metadata"]["labels"]
    prefix = "pod-security.kubernetes.io/"
    assert {key.removeprefix(prefix): value for key, value in labels.items()} == {
        "enforce": "baseline",
        "warn": "restricted",
        "audit": "restricted",
    }


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


def test_a_release_that_fails_is_rolled_back_and_what_people_change_is_put_back() -> None:
    """flux.md of fluxcd/helm-controller: for a stateless API; each said outright, since gates can change a default."""
    for path in ("base/helmrelease.yaml", "oci-repository/base/helmrelease.yaml"):
        spec = load(path)["spec"]
        assert spec["upgrade"]["remediation"] == {"retries": 2, "remediateLastFailure": True, "strategy": "rollback"}
        assert {spec[action]["strategy"]["name"] for action in ("install", "upgrade")} == {"RemediateOnFailure"}
        assert spec["install"]["remediation"]["retries"] == 3
        assert spec["upgrade"]["cleanupOnFail"]
        assert spec["test"]["enable"]
        assert spec["driftDetection"]["mode"] == "enabled"
        assert spec["timeout"] == "5m"


def kinds_of_the_chart() -> set[tuple[str, str]]:
    """(API group, plural) of each kind in the templates, so that an option that is off by default counts too."""
    found = set()
    for path in (CHECKOUT / "chart" / "templates").rglob("*.yaml"):
        for group, kind in re.findall(r"^apiVersion: (\S+)\nkind: (\w+)$", path.read_text(), re.MULTILINE):
            plural = re.sub("ys$", "ies", re.sub("(s|x)$", r"\1e", kind.lower()) + "s")
            found.add((group.rpartition("/")[0], plural))
    return found


def test_the_role_allows_what_the_chart_renders_and_no_more() -> None:
    """With it helm-controller can do no more than Helm needs for this chart: its records, its kinds, waiting."""
    allowed: dict[tuple[str, ...], set[tuple[str, str]]] = {}
    for rule in load("cluster/waybill/apps/role.yaml")["rules"]:
        assert rule.keys() == {"apiGroups", "resources", "verbs"}
        pairs = {(group, resource) for group in rule["apiGroups"] for resource in rule["resources"]}
        allowed.setdefault(tuple(rule["verbs"]), set()).update(pairs)
    reads = ("get", "list", "watch")
    assert allowed == {
        (*reads, "create", "update", "patch", "delete"): {*kinds_of_the_chart(), ("", "secrets")},
        # What waiting reads, and what the chart's own Role hands on.
        reads: {
            ("", "pods"),
            *(("apps", it) for it in ("daemonsets", "replicasets", "statefulsets")),
            ("helm.toolkit.fluxcd.io", "helmreleases"),
        },
    }


def test_the_role_has_every_right_that_the_charts_role_hands_on() -> None:
    """Kubernetes lets nobody grant a right that they do not have."""
    text = (CHECKOUT / "chart" / "templates" / "observer" / "role.yaml").read_text()
    handed_on = yaml.safe_load(text.partition("\nrules:\n")[2].partition("\n{{")[0])
    own = {right for rule in load("cluster/waybill/apps/role.yaml")["rules"] for right in rights(rule)}
    assert handed_on
    assert {right for rule in handed_on for right in rights(rule)} <= own


def rights(rule: dict[str, list[str]]) -> Iterator[tuple[str, str, str]]:
    yield from product(rule["apiGroups"], rule["resources"], rule["verbs"])


def test_the_role_is_for_the_account_that_no_pod_runs_as() -> None:
    account, binding = load("cluster/waybill/apps/serviceaccount.yaml"), load("cluster/waybill/apps/rolebinding.yaml")
    assert account["automountServiceAccountToken"] is False
    assert binding["roleRef"]["name"] == load("cluster/waybill/apps/role.yaml")["metadata"]["name"]
    assert [(it["kind"], it["name"]) for it in binding["subjects"]] == [("ServiceAccount", account["metadata"]["name"])]
