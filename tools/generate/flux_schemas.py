"""What scripts/gitops/schema.py holds the Flux objects of an environment's folder against: the CRDs of its controllers,
without what is there for people."""

import json
from pathlib import Path
from typing import Any

from tests.support.crds import crds
from tools.build import CHECKOUT

KINDS = ("HelmRelease", "HelmRepository", "OCIRepository", "HelmChart")
UNREAD = ("default", "description", "format")
FILE = CHECKOUT / "scripts" / "gitops" / "flux_schemas.json"


def files() -> dict[Path, str]:
    every = crds("flux-crds", "config/crd/bases/*.yaml")
    found = {f"{api} {kind}": bare(schema) for (api, kind), schema in sorted(every.items()) if kind in KINDS}
    for schema in found.values():
        schema["properties"]["status"] = {}  # Flux's own
    release = found["helm.toolkit.fluxcd.io/v2 HelmRelease"]["properties"]["spec"]["properties"]
    release["values"]["type"] = "object"  # the API server takes anything, and Helm nothing else
    return {FILE: json.dumps(found, indent=1, sort_keys=True) + "\n"}


def bare(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if key not in UNREAD}
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = bare(kept[key])
    if "properties" in kept:
        kept["properties"] = {name: bare(part) for name, part in kept["properties"].items()}
    return kept
