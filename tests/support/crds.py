"""Schemas of custom resources: the CRDs that lie in Go modules, pinned by the go.sum of a folder under tools/go/."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.build import GO, GO_ENVIRONMENT, go_program

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
    """(apiVersion, kind) -> JSON Schema, of the CRDs that match `patterns` in the modules of tools/go/`tool`/go.mod."""
    modules = [module["Path"] for module in json.loads(_go(tool, "edit", "-json"))["Require"]]
    rest = _go(tool, "download", "-json", *modules).strip()
    found: Schemas = {}
    decoder = json.JSONDecoder()
    while rest:
        module, end = decoder.raw_decode(rest)
        rest = rest[end:].strip()
        for path in (path for pattern in patterns for path in Path(module["Dir"]).glob(pattern)):
            found |= _versions(yaml.load(path.read_text(), yaml.CSafeLoader)["spec"])
    return found


def _go(tool: str, *arguments: str) -> str:
    folder, env = GO / tool, os.environ | GO_ENVIRONMENT
    command = [go_program(), "mod", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, check=True, text=True).stdout


def _versions(crd: dict[str, Any]) -> Schemas:
    found = {}
    for version in crd["versions"]:
        schema = closed(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        found[f"{crd['group']}/{version['name']}", crd["names"]["kind"]] = schema
    return found


def defaulted(schema: Any, value: Any) -> Any:
    """`value` with the defaults that the API server sets before it looks at the rules."""
    if isinstance(value, list):
        return [defaulted(schema.get("items", {}), part) for part in value]
    if not isinstance(value, dict):
        return value
    parts = schema.get("properties", {})
    found = {key: part["default"] for key, part in parts.items() if "default" in part} | value
    return {key: defaulted(parts.get(key, {}), part) for key, part in found.items()}


def broken_rules(schema: Any, value: Any) -> list[str]:
    """The CEL rules (x-kubernetes-validations) of `schema` that `value`, a new object, breaks."""
    return list(_broken_rules(schema, defaulted(schema, value), ""))


def _broken_rules(schema: Any, value: Any, path: str) -> Iterator[str]:
    """Only standard CEL: a rule that needs one of Kubernetes' own functions raises."""
    cel = pytest.importorskip("cel", reason="requirements/dev.txt has common-expression-language")
    for rule in schema.get("x-kubernetes-validations", ()):
        if "oldSelf" not in rule["rule"] and not cel.evaluate(rule["rule"], {"self": value}):
            yield f"{path or '/'}: {rule['message']}"
    if isinstance(value, dict):
        for key, part in value.items():
            inner = schema.get("properties", {}).get(key) or schema.get("additionalProperties")
            yield from _broken_rules(inner, part, f"{path}/{key}") if isinstance(inner, dict) else ()
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for number, part in enumerate(value):
            yield from _broken_rules(schema["items"], part, f"{path}/{number}")
