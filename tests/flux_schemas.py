"""Flux's own schemas: the CRDs that lie in the controllers' Go modules, pinned by tools/flux-crds/go.sum."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[1]


def closed(schema: Any) -> Any:
    """`schema` as the API server applies it with field validation `Strict`: no unknown fields."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(value) for key, value in schema.items()}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    return schema


@cache
def schemas() -> dict[tuple[str, str], dict[str, Any]]:
    """(apiVersion, kind) -> JSON Schema."""
    if shutil.which("go") is None:
        pytest.skip("no Go on PATH to fetch Flux's CRDs with")
    modules = [f"github.com/fluxcd/{name}-controller" for name in ("helm", "kustomize", "notification", "source")]
    answer = subprocess.run(
        ["go", "mod", "download", "-json", *modules],
        cwd=CHECKOUT / "tools" / "flux-crds",
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    found = {}
    decoder, rest = json.JSONDecoder(), answer.strip()
    while rest:
        module, end = decoder.raw_decode(rest)
        rest = rest[end:].strip()
        for path in (Path(module["Dir"]) / "config" / "crd" / "bases").glob("*.yaml"):
            crd = yaml.safe_load(path.read_text())["spec"]
            for version in crd["versions"]:
                schema = closed(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                found[f"{crd['group']}/{version['name']}", crd["names"]["kind"]] = schema
    return found


def validate(found: dict[str, Any]) -> None:
    """Raises for what the API server would refuse: Flux's kinds by their CRDs, the others as built in."""
    schema = schemas().get((found["apiVersion"], found["kind"]))
    if schema is None:
        kubernetes_validate.validate(found, "1.36", strict=True)
    else:
        jsonschema.Draft202012Validator(schema).validate(found)
