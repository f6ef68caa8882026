"""What openapi.json shows of each operation: one release on its way. A test holds each example to its schema."""

from typing import Any

from .long_examples import COUNTED, FIGURES, HISTORY

COMMIT, IMAGE, CHART = "8f3c" * 10, f"sha256:{'1f' * 32}", f"sha256:{'2e' * 32}"
FILED_AT, SINCE = "2026-01-02T03:05:00.123456Z", "2026-01-02T03:14:00Z"

PARAMETERS = {
    "commit": COMMIT,
    "service": "orders",
    "version": "1.4.2",
    "environment": "staging",
    "digest": IMAGE,
    "at": "2026-01-02T12:00:00Z",
    "with": "production",
    "with_at": "2026-01-02",
    "from": "2026-01-02",
    "to": "2026-01-03T00:00:00+01:00",
    "kind": "failed",
    "limit": 50,
}
WAYBILL: dict[str, Any] = {
    "waybill": 2,
    "service": "orders",
    "images": [
        {
            "name": "orders",
            "repository": "ghcr.io/acme/orders",
            "digest": IMAGE,
            "manifests": {"linux/amd64": f"sha256:{'5f' * 32}", "linux/arm64": f"sha256:{'6f' * 32}"},
            "checked": True,
        }
    ],
    "source": {
        "repository": "https://github.com/acme/orders",
        "commit": COMMIT,
        "committed_at": "2026-01-02T03:04:05Z",
        "release_commit": "9a4d" * 10,
        "tag": "orders-1.4.2",
        "since": "1.4.1",
        "changes": [{"commit": COMMIT, "subject": "Orders can be cancelled", "author": "Ada"}],
        "changes_left_out": 0,
    },
    "chart": {
        "name": "orders",
        "version": "1.4.2",
        "app_version": COMMIT[:12],
        "archive": f"sha256:{'3d' * 32}",
        "repository": "oci://ghcr.io/acme/charts",
        "digest": CHART,
    },
    "gitops": {
        "repository": "https://github.com/acme/gitops",
        "branch": "apps/orders",
        "commit": "7b2e" * 10,
        "places": [{"environment": "staging", "place": "apps/orders"}],
        "kind": "ship",
        "proposal": {"url": "https://github.com/acme/gitops/pull/7", "number": 7},
    },
    "by": {"actor": "octocat", "run": "https://github.com/acme/orders/actions/runs/1"},
}
EVENT = {
    "involvedObject": {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "namespace": "apps",
        "name": "orders",
        "uid": "7d0cdc51-ddcf-4743-b223-83ca5c699632",
        "resourceVersion": "4711",
    },
    "severity": "info",
    "timestamp": SINCE,
    "message": "Helm upgrade succeeded for release apps/orders.v7 with chart orders@1.4.2",
    "reason": "UpgradeSucceeded",
    "metadata": {"revision": "1.4.2", "service": "orders"},
    "reportingController": "helm-controller",
    "reportingInstance": "helm-controller-0",
}
SNAPSHOT = {
    "taken_at": "2026-01-02T12:00:00Z",
    "namespaces": ["apps"],
    "helmreleases": [
        {
            "namespace": "apps",
            "name": "orders",
            "history": [{"status": "deployed", "lastDeployed": SINCE, "chartVersion": "1.4.2", "chartName": "orders"}],
        }
    ],
}
BODIES: dict[str, Any] = {"file_release": WAYBILL, "take_flux_event": EVENT, "take_snapshot": SNAPSHOT}

RECEIPT = {"id": 7, "service": "orders", "version": "1.4.2", "recorded_at": FILED_AT, "sha256": "4c" * 32}
TAKEN = {"id": 41, "environment": "staging", "received_at": "2026-01-02T03:14:01.654321Z", "sha256": "5b" * 32}
RELEASE = {
    "version": "1.4.2",
    "build": None,
    "known": True,
    "mismatched": False,
    "image": f"ghcr.io/acme/orders@{IMAGE}",
    "images": {"orders": f"ghcr.io/acme/orders@{IMAGE}"},
    "commit": COMMIT,
    "url": "/releases/orders/1.4.2",
}
ARRIVAL = {
    "environment": "staging",
    "place": "apps/orders",
    "service": "orders",
    "release": RELEASE,
    "from": SINCE,
    "until": None,
    "basis": "event",
    "ended_by": None,
}
STATE = {
    "environment": "staging",
    "at": "2026-01-02T12:00:00Z",
    "last_confirmed_at": "2026-01-02T11:59:58Z",
    "silent_since": None,
    "unread": [{"cause": "about another kind of object", "bodies": 12, "last_at": "2026-01-02T11:58:00Z"}],
    "services": [
        {
            "service": "orders",
            "place": "apps/orders",
            "health": "failing",
            "health_since": "2026-01-02T11:59:58Z",
            "health_cause": "UpgradeFailed",
            "since": SINCE,
            "basis": "event",
            "release": RELEASE,
            "attempt": {
                "version": "1.4.3",
                "outcome": "failed",
                "at": "2026-01-02T11:59:58Z",
                "message": "Helm upgrade failed for release apps/orders with chart orders@1.4.3: timed out",
            },
            "running_certain": False,
            "blocked": None,
            "given_up": False,
            "suspended_since": None,
            "unmanaged": None,
            "drift_seen_at": None,
            "reconfigured_at": None,
            "intended_image": f"ghcr.io/acme/orders@{IMAGE}",
            "images": [
                {
                    "workload": "Deployment/orders",
                    "container": "web",
                    "asked": f"ghcr.io/acme/orders@{IMAGE}",
                    "running": f"ghcr.io/acme/orders@{IMAGE}",
                    "verdict": "same",
                    "found": None,
                    "released": None,
                }
            ],
            "images_seen_at": "2026-01-02T11:55:00Z",
            "images_unknown": None,
            "mismatches": [],
            "contested": [],
        }
    ],
}
FILED = {**WAYBILL, "receipt": RECEIPT}
LISTED = {**FILED, "source": {key: value for key, value in WAYBILL["source"].items() if key != "changes"}}
ARRIVALS = {"items": [ARRIVAL], "next": None}
COMPARED: dict[str, Any] = {
    "place": "apps/orders",
    "version": "1.4.2",
    "build": None,
    "since": SINCE,
    "health": "healthy",
}
ANSWERS: dict[str, Any] = {
    "file_release": RECEIPT,
    "list_releases": {"items": [LISTED], "next": "7"},
    "get_release": {
        **FILED,
        "proposals": {"items": [{**WAYBILL["gitops"], "by": WAYBILL["by"]}], "next": None},
        "deliveries": {"items": [], "next": None},
        "arrivals": ARRIVALS,
        "failures": {"items": [], "next": None},
    },
    "wait_for_release": {
        "outcome": "healthy",
        "cause": "1.4.2 is healthy in apps/orders",
        "places": [
            {
                "place": "apps/orders",
                "version": "1.4.2",
                "health": "healthy",
                "cause": "UpgradeSucceeded",
                "certain": True,
                "mismatched": False,
                "failures": 0,
                "tries": None,
                "given_up": False,
                "left": False,
            }
        ],
        "proposal": "https://github.com/acme/fleet/pull/7",
    },
    "take_flux_event": TAKEN,
    "take_snapshot": TAKEN,
    "get_caller": {
        "name": "orders",
        "scopes": ["releases:write"],
        "service": "orders",
        "expires_at": "2026-04-02T03:04:05Z",
        "now": FILED_AT,
        "accepts": [1, 2],
    },
    "list_environments": {"items": [STATE], "next": None},
    "get_environment": STATE,
    "list_arrivals": ARRIVALS,
    "get_service": ARRIVALS,
    "get_digest": {**ARRIVALS, "kind": "image"},
    "list_history": HISTORY,
    "get_figures": FIGURES,
    "list_counted": COUNTED,
    "feed_history": '<feed xmlns="http://www.w3.org/2005/Atom">...</feed>',
    "list_services": {
        "items": [
            {
                "service": "orders",
                "newest": "1.4.2",
                "recorded_at": FILED_AT,
                "environments": [{"environment": "staging", "places": 1}],
            }
        ],
        "next": None,
    },
    "list_proposals": {
        "items": [
            {
                "environment": "production",
                "service": "orders",
                "version": "1.4.2",
                "since": SINCE,
                "proposal": "https://github.com/acme/fleet/pull/7",
            }
        ]
    },
    "list_stages": {
        "items": [
            {"name": "staging", "environments": ["staging"]},
            {"name": "production", "environments": ["production-eu", "production-us"]},
        ]
    },
    "list_whole_names": {"items": [{"kind": "commit", "name": COMMIT}]},
    "get_commit": {
        "commit": COMMIT,
        "items": [
            {
                "service": "orders",
                "version": "1.4.2",
                "named_in": "source",
                "recorded_at": FILED_AT,
                "url": "/releases/orders/1.4.2",
            }
        ],
        "next": None,
        "places": {
            "items": [
                {
                    "environment": "staging",
                    "place": "apps/orders",
                    "service": "orders",
                    "version": "1.4.2",
                    "since": SINCE,
                    "contains": "yes",
                }
            ],
            "next": None,
        },
    },
    "compare_environments": {
        "items": [
            {
                "service": "orders",
                "verdict": "differs",
                "here": [{**COMPARED, "version": "1.4.0"}],
                "there": [COMPARED],
                "behind": 2,
                "waiting_since": "2026-01-01T03:14:00Z",
            }
        ],
        "next": None,
        "here": {"environment": "production", "at": "2026-01-02T12:00:00Z", "silent_since": None},
        "with": {"environment": "staging", "at": "2026-01-02T12:00:00Z", "silent_since": None},
    },
    "healthz": {"status": "ok"},
    "readyz": {"status": "ok"},
    "metrics": 'waybill_request_seconds_count{method="GET",route="/releases",status="200"} 3.0\n',
}
