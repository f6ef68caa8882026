"""Sends events as Flux's notification-controller does: the demo has no cluster that could run it."""

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

    All its content is read from the GitOps repo and the registry.
    """
    objects = list(yaml.safe_load_all(run(["kustomize", "build", overlay], env)))
    release = next(it for it in objects if it["kind"] == "HelmRelease")
    source = next(it for it in objects if it["kind"] == "HelmRepository")
    chart = release["spec"]["chart"]["spec"]
    address = f"{source['spec']['url']}/{chart['chart']}"
    shown = run(["helm", "show", "chart", address, "--version", chart["version"], "--plain-http"], env)
    metadata = {"app-version": yaml.safe_load(shown)["appVersion"], "revision": chart["version"]}
    return event(release, chart["chart"], metadata)


def event(release: dict[str, Any], chart: str, metadata: dict[str, str]) -> dict[str, Any]:
    """The event that a receiver gets when helm-controller has installed `release` and adds `metadata`.

    notification-controller adds the object's annotations that have its prefix, without the prefix. If both have a key,
    the value of helm-controller is taken.
    """
    it = release["metadata"]
    annotations = {key: value for key, value in it["annotations"].items() if key.startswith(PREFIX)}
    return {
        "involvedObject": {
            "kind": "HelmRelease",
            "namespace": it["namespace"],
            "name": it["name"],
            "uid": "7d0cdc51-ddcf-4743-b223-83ca5c699632",
            "apiVersion": release["apiVersion"],
            "resourceVersion": "1",
        },
        "severity": "info",
        "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "message": f"Helm install succeeded for release {it['namespace']}/{it['name']}.v1"
        f" with chart {chart}@{metadata['revision']}",
        "reason": "InstallSucceeded",
        "metadata": {key.removeprefix(PREFIX): value for key, value in annotations.items()} | metadata,
        "reportingController": "helm-controller",
        "reportingInstance": "helm-controller-0",
    }


def sign(body: bytes, key: str) -> str:
    """The value of X-Signature, as notification-controller's generic-hmac provider makes it."""
    return f"sha256={hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}"


def wire(event: dict[str, Any]) -> bytes:
    """The bytes that Go's encoder would write: one line without spaces, with the characters of HTML markup escaped."""
    text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    return text.translate({ord(it): f"\\u{ord(it):04x}" for it in "<>&\u2028\u2029"}).encode()


def post(event: dict[str, Any], url: str, key: str) -> httpx.Response:
    """Send `event` as notification-controller does."""
    body = wire(event)
    headers = {
        "Content-Type": "application/json",
        "Gotk-Component": event["reportingController"],
        "X-Signature": sign(body, key),
    }
    return httpx.post(url, content=body, headers=headers, trust_env=False)
