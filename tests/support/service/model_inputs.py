"""What may be sent to a ledger: events of Flux and snapshots of an observer, each with what it means to the model."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from .model_place import NO_EFFECT, REASONS, REMEDIATION, Said, Seen
from .served import event

BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
EPOCH = int(BEGINNING.timestamp())
NAMES = ("orders", "web")
VERSIONS = ("1.0.0", "1.1.0", "2.0.0-rc.1")
DIGESTS = (f"sha256:{'f' * 64}", f"sha256:{'8' * 64}")
Saying = st.SearchStrategy[dict[str, Any]]
MOMENTS = st.integers(0, 12) | st.sampled_from([50, 60, 70, 80, 140]) | st.integers(0, 3000)  # seconds after BEGINNING
ENVIRONMENTS = ("staging", "production")
CHARTS = ("orders", "web", "other")
READY = [
    ("True", "UpgradeSucceeded"),
    ("True", "UpgradeSucceeded"),
    ("False", "UpgradeFailed"),
    ("False", "RollbackSucceeded"),
    ("False", "SourceNotReady"),
    ("Unknown", "Progressing"),
]


def told(moments: st.SearchStrategy[int], names: tuple[str, ...], versions: tuple[str, ...]) -> tuple[Saying, Saying]:
    """Events, and snapshots."""
    events = st.fixed_dictionaries(
        {
            "name": st.sampled_from(names),
            "reason": st.sampled_from([*REASONS, "UpgradeSucceeded", "UpgradeSucceeded", "UpgradeFailed", *NO_EFFECT]),
            "version": st.sampled_from(versions),
            "at": moments,
            "lag": st.sampled_from([1, 1, 1, 299, 301, 4000, -59, -61, -400]),  # seconds until we hear of it
            "resource_version": st.sampled_from([1, 1, 2, 9, 10, 11]),
            "digest": st.sampled_from([None, None, *DIGESTS]),
            "service": st.sampled_from([None, None, "orders", "web"]),  # our annotation
            "chart": st.sampled_from(CHARTS),
            "prefixed": st.booleans(),
            "remedy": st.booleans(),
        }
    )
    level = st.fixed_dictionaries(
        {
            "resource_version": st.sampled_from([1, 2, 9, 10, 11]),
            "statuses": st.sampled_from(
                [("deployed", "superseded"), ("failed", "deployed"), ("failed", "failed"), ("uninstalled",), ()]
            ),
            "ago": st.sampled_from([5, 59, 400]),  # seconds from then until the snapshot
            "versions": st.tuples(st.sampled_from(versions), st.sampled_from(versions)),
            "digest": st.sampled_from([None, None, *DIGESTS]),
            "chart": st.sampled_from(CHARTS),
            "ready": st.sampled_from(READY),
            "suspended": st.sampled_from([False, False, False, True]),
            "under_way": st.sampled_from([False, False, False, True]),
            "old_generation": st.sampled_from([False, False, False, True]),
        }
    )
    snapshots = st.fixed_dictionaries(
        {
            "taken": moments,
            "lag": st.sampled_from([1, 1, 1, 299, 4000, -59, -61, -400]),
            "namespaces": st.sampled_from([("apps",), ("apps", "web"), ("web",), ()]),
            "listed": st.dictionaries(st.sampled_from(names), level),
        }
    )
    return events, snapshots


EVENTS, SNAPSHOTS = told(MOMENTS, NAMES, VERSIONS)
# Of one moment of one place, so that only the sequence of the reasons orders them.
_OF_ONE_MOMENT, _ = told(st.just(0), NAMES[:1], VERSIONS[:2])
ONE_MOMENT = st.lists(
    _OF_ONE_MOMENT.map(lambda it: it | {"lag": 1, "resource_version": 1, "digest": None, "service": None}),
    min_size=2,
    max_size=6,
)


def spoken(
    name: str,
    reason: str,
    version: str,
    at: int,
    lag: int,
    resource_version: int,
    digest: str | None,
    service: str | None,
    chart: str,
    prefixed: bool,
    remedy: bool,
) -> tuple[bytes, Said]:
    """An event as Flux sends it, and as the model takes it."""
    first = REMEDIATION if remedy and reason == "UninstallSucceeded" else f"Helm {reason}"
    message = f"{first} for release apps/{name}.v2 with chart {chart}@{version}"
    controllers, ours = ("helm.toolkit.fluxcd.io/", "event.toolkit.fluxcd.io/") if prefixed else ("", "")
    metadata = {f"{controllers}revision": version + (f"+{digest[7:19]}" if digest else "")}
    metadata |= {f"{controllers}oci-digest": digest} if digest else {}
    metadata |= {f"{ours}service": service} if service else {}
    happened = BEGINNING + timedelta(seconds=at)
    more: dict[str, Any] = {"severity": "info", "message": message, "metadata": metadata}
    said = event(reason, at=happened, name=name, resource_version=resource_version, **more)
    body = json.dumps(said).encode()
    sha256 = hashlib.sha256(body).hexdigest()
    began = int(happened.timestamp())
    heard = began + lag
    return body, Said(name, reason, version, began, heard, resource_version, sha256, digest, service, chart, message)


def observed(
    taken: int, lag: int, namespaces: tuple[str, ...], listed: dict[str, dict[str, Any]], known: set[str]
) -> tuple[bytes, list[Said], int]:
    """A snapshot, what it tells where these names are `known`, and when it is received, in seconds."""
    received, at = EPOCH + taken + lag, EPOCH + taken
    told, releases = [], []
    for name, it in listed.items():
        since = EPOCH + 100 - it["ago"]
        digest, chart = it["digest"], it["chart"]
        revisions = list(zip(it["statuses"], it["versions"], (since, since - 9), strict=False))
        history = [
            {"version": 9 - number, "status": status, "lastDeployed": _z(then), "chartName": chart}
            | {"chartVersion": version + (f"+{digest[7:19]}" if digest else "")}
            | ({"ociDigest": digest} if digest else {})
            for number, (status, version, then) in enumerate(revisions)
        ]
        conditions = [dict(zip(("type", "status", "reason", "since"), ("Ready", *it["ready"], _z(since)), strict=True))]
        if it["under_way"]:
            under = ("Reconciling", "True", "Progressing", _z(since))
            conditions.append(dict(zip(("type", "status", "reason", "since"), under, strict=True)))
        releases.append(
            {
                "namespace": "apps",
                "name": name,
                "uid": _uid(name),
                "resourceVersion": str(it["resource_version"]),
                "generation": 2,
                "observedGeneration": 1 if it["old_generation"] else 2,
                "suspended": it["suspended"],
                "conditions": conditions,
                "history": history,
            }
        )
        seen = Seen(
            tuple((status, version, digest, then) for status, version, then in revisions),
            (*it["ready"], since),
            it["suspended"],
            it["under_way"],
            it["old_generation"],
        )
        content = hashlib.sha256(repr((name, chart, seen)).encode()).hexdigest()
        version = it["resource_version"]
        told.append(Said(name, "seen", "", at, received, version, content, chart=chart, seen=seen))
    for name in known:
        if name not in listed and "apps" in namespaces:
            told.append(Said(name, "absent", "", at, received, 0, f"absent {name}"))
    ranges = [{"namespace": it, "from": "", "until": ""} for it in namespaces]
    whole = {"taken_at": _z(at), "ranges": ranges, "helmreleases": releases}
    return json.dumps(whole).encode(), told, received


def _uid(name: str) -> str:
    return str(event(name=name)["involvedObject"]["uid"])


def _z(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
