"""notification-controller's part, played: there is no cluster here to run it."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import yaml

from .world import run

PREFIX = "event.toolkit.fluxcd.io/"


def installed(overlay: Path, env: dict[str, str]) -> dict[str, Any]:
    """The event with which Flux reports that it installed the HelmRelease that `overlay` builds to.

    Everything that it says is read from what the GitOps repo and the registry hold.
    """
    objects = list(yaml.safe_load_all(run(["kustomize", "build", overlay], env)))
    release = next(it for it in objects if it["kind"] == "HelmRelease")
    source = next(it for it in objects if it["kind"] == "HelmRepository")
    name, namespace = release["metadata"]["name"], release["metadata"]["namespace"]
    chart = release["spec"]["chart"]["spec"]
    address = f"{source['spec']['url']}/{chart['chart']}"
    shown = run(["helm", "show", "chart", address, "--version", chart["version"], "--plain-http"], env)
    annotations = release["metadata"]["annotations"].items()
    annotated = {key.removeprefix(PREFIX): value for key, value in annotations if key.startswith(PREFIX)}
    return {
        "involvedObject": {
            "kind": "HelmRelease",
            "namespace": namespace,
            "name": name,
            "uid": "7d0cdc51-ddcf-4743-b223-83ca5c699632",
            "apiVersion": release["apiVersion"],
            "resourceVersion": "1",
        },
        "severity": "info",
        "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "message": f"Helm install succeeded for release {namespace}/{name}.v1"
        f" with chart {chart['chart']}@{chart['version']}",
        "reason": "InstallSucceeded",
        "metadata": annotated | {"app-version": yaml.safe_load(shown)["appVersion"], "revision": chart["version"]},
        "reportingController": "helm-controller",
        "reportingInstance": "helm-controller-0",
    }


def sign(body: bytes, key: str) -> str:
    """The value of X-Signature, as notification-controller's generic-hmac provider makes it."""
    return f"sha256={hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}"


def post(event: dict[str, Any], url: str, key: str) -> httpx.Response:
    """Send `event` in the form that it has on the wire: one line, no spaces."""
    body = json.dumps(event, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "Gotk-Component": event["reportingController"],
        "X-Signature": sign(body, key),
    }
    return httpx.post(url, content=body, headers=headers, trust_env=False)
