"""The longest answers, for the description of the API."""

from typing import Any

COUNT: dict[str, Any] = {"value": None, "n": 0, "of": None, "p90": None, "left": 0}
PART_OF_FIGURES: dict[str, Any] = {
    "from": "2025-07-04T12:00:00Z",
    "to": "2025-10-03T12:00:00Z",
    "figures": {
        "deployments": COUNT | {"value": 2.0, "n": 26},
        "lead_time": COUNT | {"value": 5400.0, "n": 40, "p90": 86400.0},
        "change_fail_rate": COUNT | {"value": 0.04, "n": 1, "of": 25},
        "recovery_time": COUNT | {"value": 600.0, "n": 1, "p90": 600.0},
        "rework_rate": COUNT | {"value": 0.1, "n": 3, "of": 26},
    },
    "url": "/figures?service=orders&environment=production&from=2025-07-04T12:00:00Z&to=2025-10-03T12:00:00Z",
}
FIGURES: dict[str, Any] = {
    "service": "orders",
    "environment": "production",
    "environments": ["production-eu", "production-us"],
    "from": "2025-10-03T12:00:00Z",
    "to": "2026-01-02T12:00:00Z",
    "figures": {
        name: {
            **count,
            "definition": "Versions that began to run in an environment in which they never ran before, a week.",
            "url": "/figures/commits?service=orders&environment=production&from=...&to=..." if count["n"] else None,
            "of_url": None,
            "left_url": None,
        }
        for name, count in PART_OF_FIGURES["figures"].items()
    },
    "before": PART_OF_FIGURES,
    "bars": [PART_OF_FIGURES],
    "silent": [],
    "contested": [],
    "heard_since": None,
}
COUNTED: dict[str, Any] = {
    "items": [
        {
            "what": "commit",
            "when": "2026-01-02T11:59:58Z",
            "environment": "production-eu",
            "service": "orders",
            "version": "1.4.2",
            "known": True,
            "commit": "9f2c3bd0e1f2a3b4c5d6e7f8091a2b3c4d5e6f70",
            "committed_at": "2026-01-02T10:29:58Z",
            "well_at": None,
            "seconds": 5400,
            "url": "/history?service=orders&environment=production-eu&from=2026-01-02T11:59:58Z&to=...",
        }
    ],
    "next": None,
}
HISTORY: dict[str, Any] = {
    "items": [
        {
            "id": "0f2a6a8e-5c0e-5d37-9c4b-6f3d9a1b2c3d",
            "when": "2026-01-02T11:59:58Z",
            "kind": "failed",
            "environment": "staging",
            "place": "apps/orders",
            "service": "orders",
            "version": "1.4.3",
            "build": None,
            "to": None,
            "known": False,
            "digests": {"chart": None, "images": {}},
            "mismatches": [],
            "cause": "UpgradeFailed",
            "message": "Helm upgrade failed for release apps/orders with chart orders@1.4.3: timed out",
            "source": "event",
            "basis": "event",
            "proposal": None,
            "url": "/environments/staging/arrivals?service=orders",
        }
    ],
    "next": None,
}
