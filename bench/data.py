"""What the measured requests carry: waybills, and signed events of Flux in the form that they have on the wire."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

SERVICES, ENVIRONMENTS = 20, ("staging", "production")
KEYS = {environment: f"key of {environment}, for measuring" for environment in ENVIRONMENTS}
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def service(number: int) -> str:
    return f"service-{number % SERVICES}"


def version(number: int) -> str:
    return f"1.{number // SERVICES}.0"


def waybill(name: str, version: str) -> dict[str, Any]:
    commit = hashlib.sha1(f"{name} {version}".encode(), usedforsecurity=False).hexdigest()
    platforms = ("linux/amd64", "linux/arm64")
    return {
        "waybill": 2,
        "service": name,
        "images": [
            {
                "name": name,
                "repository": f"ghcr.io/acme/{name}",
                "digest": digest(f"image {name} {version}"),
                "manifests": {it: digest(f"image {name} {version} {it}") for it in platforms},
                "checked": True,
            }
        ],
        "source": {
            "repository": f"https://github.com/acme/{name}",
            "commit": commit,
            "committed_at": "2026-01-02T03:04:05Z",
            "release_commit": commit[::-1],
            "tag": f"{name}-{version}",
        },
        "chart": {
            "name": name,
            "version": version,
            "app_version": commit[:12],
            "archive": digest(f"archive {name} {version}"),
            "repository": "oci://ghcr.io/acme/charts",
            "digest": digest(f"chart {name} {version}"),
        },
        "gitops": {
            "repository": "https://github.com/acme/fleet",
            "branch": f"apps/{name}",
            "commit": commit,
            "places": [{"environment": "staging", "place": f"apps/{name}"}],
            "kind": "ship",
            "proposal": {"url": "https://github.com/acme/fleet/pull/7", "number": 7},
        },
        "by": {"run": "https://github.com/acme/fleet/actions/runs/1234567890"},
    }


def event(number: int) -> tuple[str, bytes]:
    """The environment and the body of the `number`th event: service by service, environment by environment, an upgrade
    to the next version, seconds apart."""
    place, round_ = number % (SERVICES * len(ENVIRONMENTS)), number // (SERVICES * len(ENVIRONMENTS))
    environment, name = ENVIRONMENTS[place // SERVICES], service(place)
    body = {
        "involvedObject": {
            "kind": "HelmRelease",
            "namespace": "apps",
            "name": name,
            "uid": "6b8b4567-327b-23c6-643c-986966334873",
            "apiVersion": "helm.toolkit.fluxcd.io/v2",
            "resourceVersion": str(1000 + number),
        },
        "severity": "info",
        "timestamp": (BEGAN + timedelta(seconds=number)).isoformat().replace("+00:00", "Z"),
        "message": f"Helm upgrade succeeded for release apps/{name}.v{round_} with chart {name}@1.{round_}.0",
        "reason": "UpgradeSucceeded",
        "metadata": {
            "revision": f"1.{round_}.0",
            "service": name,
            "release": f"1.{round_}.0",
            "image": f"ghcr.io/acme/{name}@{digest(f'image {name} 1.{round_}.0')}",
            "commit": hashlib.sha1(f"{name} 1.{round_}.0".encode(), usedforsecurity=False).hexdigest(),
        },
        "reportingController": "helm-controller",
        "reportingInstance": "helm-controller-7f4f6b6d4-2xk9z",
    }
    return environment, json.dumps(body, separators=(",", ":")).encode()


def signature(environment: str, body: bytes) -> str:
    return f"sha256={hmac.digest(KEYS[environment].encode(), body, 'sha256').hex()}"
