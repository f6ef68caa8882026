"""What is sent to a ledger: waybills, events of Flux and snapshots of an observer, as they are on the wire."""

import hashlib
import json
import uuid
from datetime import datetime
from typing import Any, NamedTuple

SUBJECTS = (
    "Retry on 429",
    "Cache the price list for a minute",
    "Show the delivery date in the basket",
    "Drop support for the old token format",
    'Revert "Show the delivery date in the basket"',
    "Bump the base image",
    "Answer 404, not 500, for an unknown parcel",
    "Log the request id",
    "Fewer queries per page",
    "Translate the reminder mail",
)
AUTHORS = ("ana", "li", "noor", "tomas", "wren")


def digest(*parts: object) -> str:
    return f"sha256:{hashlib.sha256(repr(parts).encode()).hexdigest()}"


def commit(*parts: object) -> str:
    return hashlib.sha1(repr(parts).encode(), usedforsecurity=False).hexdigest()


def time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def waybill(service: str, version: str, since: str | None, changes: int, at: datetime) -> dict[str, Any]:
    """Of a release that was made `at` of so many commits since the version before."""
    number = int(commit(service, version)[:6], 16)
    named = [
        {
            "commit": commit(service, version, each),
            "subject": SUBJECTS[(number + each) % len(SUBJECTS)],
            "author": AUTHORS[(number + each // 2) % len(AUTHORS)],
        }
        for each in range(changes)
    ]
    return {
        "waybill": 2,
        "service": service,
        "images": [
            {
                "name": service,
                "repository": f"ghcr.io/acme/{service}",
                "digest": digest(service, version),
                "manifests": {it: digest(service, version, it) for it in ("linux/amd64", "linux/arm64")},
                "checked": True,
            }
        ],
        "source": {
            "repository": f"https://github.com/acme/{service}",
            "commit": commit(service, version, 0),
            "committed_at": time(at),
            "release_commit": commit(service, version, "release"),
            "tag": f"{service}-{version}",
            "changes": named,
            **({"since": since} if since else {}),
        },
        "chart": {
            "name": service,
            "version": version,
            "app_version": commit(service, version, 0)[:12],
            "archive": digest(service, version, "archive"),
            "repository": "oci://ghcr.io/acme/charts",
            "digest": digest(service, version, "chart"),
        },
        "by": {"actor": named[0]["author"], "run": f"https://github.com/acme/{service}/actions/runs/{number}"},
    }


def proposal(service: str, version: str, kind: str, places: list[tuple[str, str]], number: int) -> dict[str, Any]:
    """The pull request `number` that brings a version to (environment, place)s."""
    return {
        "repository": "https://github.com/acme/fleet",
        "branch": f"apps/{service}",
        "commit": commit(service, version, number),
        "places": [{"environment": environment, "place": place} for environment, place in places],
        "kind": kind,
        "proposal": {"url": f"https://github.com/acme/fleet/pull/{number}", "number": number},
    }


class Said(NamedTuple):
    """What helm-controller says of a HelmRelease. `message`: after Helm's own words; `annotations`: those that are
    ours, without them the version is not Waybill's."""

    reason: str
    service: str
    version: str
    environment: str
    place: str
    at: datetime
    resource_version: int
    message: str
    annotations: dict[str, str]


def event(it: Said) -> bytes:
    """As notification-controller posts it."""
    namespace, _, name = it.place.partition("/")
    action = "install" if it.reason.startswith("Install") else "upgrade"
    outcome = f"failed for release {it.place}" if "Failed" in it.reason else f"succeeded for release {it.place}"
    text = f"Helm {action} {outcome} with chart {it.service}@{it.version}"
    if it.reason.startswith(("Drift", "Rollback")):
        text = it.message
    elif it.message:
        text += f": {it.message}"
    whole = {
        "involvedObject": {
            "kind": "HelmRelease",
            "namespace": namespace,
            "name": name,
            "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{it.environment}/{it.place}")),
            "apiVersion": "helm.toolkit.fluxcd.io/v2",
            "resourceVersion": str(it.resource_version),
        },
        "severity": "error" if "Failed" in it.reason or it.reason == "DriftDetected" else "info",
        "timestamp": time(it.at),
        "message": text,
        "reason": it.reason,
        "metadata": {"revision": it.version, **it.annotations},
        "reportingController": "helm-controller",
        "reportingInstance": "helm-controller-7f4f6b6d4-2xk9z",
    }
    return json.dumps(whole, separators=(",", ":")).encode()


def annotations(service: str, version: str, **more: str) -> dict[str, str]:
    return {
        "service": service,
        "release": version,
        "image": f"ghcr.io/acme/{service}@{digest(service, version)}",
        "commit": commit(service, version, 0),
        **more,
    }


def snapshot(taken: datetime) -> bytes:
    """An observer looked at a namespace in which nothing is: it tells that it is there."""
    whole = {
        "taken_at": time(taken),
        "round_seconds": 300,
        "ranges": [{"namespace": "kube-public"}],
        "helmreleases": [],
    }
    return json.dumps(whole).encode()
