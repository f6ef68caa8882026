"""The Kubernetes API's schemas, for every version that the chart supports and that has schemas in the wheel."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

from tests.support.crds import Schemas, crds

from .render import CHART, Object

SCHEMAS = files("kubernetes_validate") / "kubernetes-json-schema"
STRICT = re.compile(r"v(1\.\d+)\.0-local-strict")


@cache
def versions() -> list[str]:
    """`1.28` and newer, oldest first: from Chart.yaml's kubeVersion to the newest that the wheel knows."""
    found = re.search(r'^kubeVersion: ">=1\.(\d+)\.0-0"$', (CHART / "Chart.yaml").read_text(), re.MULTILINE)
    assert found
    known = [match[1] for folder in SCHEMAS.iterdir() if (match := STRICT.fullmatch(folder.name))]
    return sorted((it for it in known if _minor(it) >= int(found[1])), key=_minor)


def complaints(found: Object, version: str) -> list[str]:
    """The errors of the API server of `version` for this object."""
    validator = _validator(found["apiVersion"], found["kind"], version)
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(found)]


@cache
def _validator(api_version: str, kind: str, version: str) -> Any:
    if schema := custom().get((api_version, kind)):
        return jsonschema_rs.Draft202012Validator(schema)
    folder = SCHEMAS / f"v{version}.0-local-strict"
    group = re.sub(r"\.[^/]*(?=/)", "", api_version).replace("/", "-")
    schema = json.loads((folder / f"{kind.lower()}-{group}.json").read_text())
    return jsonschema_rs.Draft202012Validator(schema, registry=_definitions(version))


@cache
def _definitions(version: str) -> Any:
    text = (SCHEMAS / f"v{version}.0-local-strict" / "_definitions.json").read_text()
    definitions = json.loads(text)
    return jsonschema_rs.Registry([(definitions["$id"], definitions)])


@cache
def custom() -> Schemas:
    """HTTPRoute, ServiceMonitor and PrometheusRule, from the CRDs of their projects."""
    return crds(
        "chart-crds",
        "config/crd/standard/*httproutes.yaml",
        "example/prometheus-operator-crd/*servicemonitors.yaml",
        "example/prometheus-operator-crd/*prometheusrules.yaml",
    )


def _minor(version: str) -> int:
    return int(version.split(".")[1])
