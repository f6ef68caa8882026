"""Schemas of custom resources: the CRDs that lie in Go modules, pinned by the go.sum of a folder under tools/."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[1]
Schemas = dict[tuple[str, str], dict[str, Any]]


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


def crds(tool: str, *patterns: str) -> Schemas:
    """(apiVersion, kind) -> JSON Schema, of the CRDs that match `patterns` in the modules of tools/`tool`/go.mod."""
    if shutil.which("go") is None:
        pytest.skip("no Go on PATH to fetch CRDs with")
    folder = CHECKOUT / "tools" / tool
    listed = subprocess.run(["go", "mod", "edit", "-json"], cwd=folder, capture_output=True, check=True).stdout
    modules = [module["Path"] for module in json.loads(listed)["Require"]]
    download = ["go", "mod", "download", "-json", *modules]
    rest = subprocess.run(download, cwd=folder, capture_output=True, check=True, text=True).stdout.strip()
    found: Schemas = {}
    decoder = json.JSONDecoder()
    while rest:
        module, end = decoder.raw_decode(rest)
        rest = rest[end:].strip()
        for path in (path for pattern in patterns for path in Path(module["Dir"]).glob(pattern)):
            found |= _versions(yaml.load(path.read_text(), yaml.CSafeLoader)["spec"])
    return found


def _versions(crd: dict[str, Any]) -> Schemas:
    found = {}
    for version in crd["versions"]:
        schema = closed(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        found[f"{crd['group']}/{version['name']}", crd["names"]["kind"]] = schema
    return found
