"""What may be sent to a ledger: events of Flux and snapshots of an observer, each with what it means to the model."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from .model import NO_EFFECT, REASONS, REMEDIATION, Said
from .served import event

BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
EPOCH = int(BEGINNING.timestamp())
NAMES = ("orders", "web")
VERSIONS = ("1.0.0", "1.1.0", "2.0.0-rc.1")
DIGESTS = (f"sha256:{'f' * 64}", f"sha256:{'8' * 64}")
Saying = st.SearchStrategy[dict[str, Any]]
MOMENTS = st.integers(0, 12) | st.sampled_from([50, 60, 70, 80, 140]) | st.integers(0, 4000)  # seconds after BEGINNING
ENVIRONMENTS = ("staging", "production")


def told(moments: st.SearchStrategy[int], names: tuple[str, ...], versions: tuple[str, ...]) -> tuple[Saying, Saying]:
    """Events, and snapshots."""
    events = st.fixed_dictionaries(
        {
            "name": st.sampled_from(names),
            "reason": st.sampled_from([*REASONS, "UpgradeSucceeded", "UpgradeSucceeded", "UpgradeFailed", NO_EFFECT]),
            "version": st.sampled_from(versions),
            "at": moments,
            "lag": st.sampled_from([1, 1, 1, 299, 301, 4000, -59, -61, -4000]),  # seconds until we hear of it
            "resource_version": st.integers(0, 2),
            "digest": st.sampled_from([None, None, *DIGESTS]),
            "service": st.sampled_from([None, None, "orders", "web"]),  # our annotation
            "chart": st.sampled_from(["orders", "web", "other"]),
            "prefixed": st.booleans(),
            "remedy": st.booleans(),
        }
    )
    deployed = st.fixed_dictionaries(
        {
            "ago": st.sampled_from([0, 5, 59, 61, 400]),  # seconds from then until the snapshot
            "version": st.sampled_from(versions),
            "digest": st.sampled_from([None, None, *DIGESTS]),
            "chart": st.sampled_from(["orders", "web", "other"]),
        }
    )
    snapshots = st.fixed_dictionaries(
        {
            "taken": moments,
            "lag": st.sampled_from([1, 1, 1, 299, 4000, -59, -61, -4000]),
            "namespaces": st.sampled_from([("apps",), ("apps", "web"), ("web",), ()]),
            "listed": st.dictionaries(st.sampled_from(names), st.none() | deployed),
        }
    )
    return events, snapshots


EVENTS, SNAPSHOTS = told(MOMENTS, NAMES, VERSIONS)
# Of one revision of one place, near each other: so that an event and an observer speak of the same.
_REASONS = ["InstallSucceeded", "UpgradeSucceeded", "RollbackSucceeded", "UpgradeFailed", "UninstallSucceeded"]
_EVENTS, _SNAPSHOTS = told(st.sampled_from([0, 1, 50, 70, 130, 400]), NAMES[:1], VERSIONS[:1])
CLOSE_EVENTS = st.builds(lambda it, reason: it | {"reason": reason, "lag": 1}, _EVENTS, st.sampled_from(_REASONS))
# Of one moment of one place, so that only the sequence of the reasons orders them.
_OF_ONE_MOMENT, _ = told(st.just(0), NAMES[:1], VERSIONS[:2])
ONE_MOMENT = st.lists(
    _OF_ONE_MOMENT.map(lambda it: it | {"lag": 1, "resource_version": 1, "digest": None, "service": None}),
    min_size=2,
    max_size=6,
)
CLOSE_SNAPSHOTS = _SNAPSHOTS.map(lambda it: it | {"lag": 1}).filter(lambda it: it["listed"])


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
    said = event(reason, at=happened, name=name, resource_version=resource_version, message=message, metadata=metadata)
    body = json.dumps(said).encode()
    sha256 = hashlib.sha256(body).hexdigest()
    began = int(happened.timestamp())
    heard = began + lag
    return body, Said(name, reason, version, began, heard, resource_version, sha256, digest, service, chart, message)


def observed(
    taken: int, lag: int, namespaces: tuple[str, ...], listed: dict[str, dict[str, Any] | None], running: list[str]
) -> tuple[bytes, list[Said], int]:
    """A snapshot, the facts that it tells where these places are `running`, and when it is received, in seconds."""
    received = EPOCH + taken + lag
    told, releases = [], []
    for name, deployed in listed.items():
        history = []
        if deployed:
            at, version, digest, chart = (
                EPOCH + taken - deployed["ago"],
                *(deployed[it] for it in ("version", "digest", "chart")),
            )
            since = _counts_at(at, received)
            kept = {"type": "Seen", "place": f"apps/{name}", "at": since, "version": version, "chart": chart}
            sha256 = _sha256(kept | {"oci_digest": digest})
            told.append(Said(name, "seen", version, since, received, 0, sha256, digest, None, chart, ""))
            more = {"ociDigest": digest} if digest else {}
            entry = {"chartName": chart, "chartVersion": version + (f"+{digest[7:19]}" if digest else ""), **more}
            history = [
                {"status": "deployed", "lastDeployed": _z(at), **entry},
                {"status": "superseded", "lastDeployed": _z(at - 9), **entry},
            ]
        releases.append({"namespace": "apps", "name": name, "history": history})
    for name in running:
        if name not in listed and "apps" in namespaces:
            gone = _counts_at(EPOCH + taken, received)
            sha256 = _sha256({"type": "Absent", "place": f"apps/{name}", "at": gone})
            told.append(Said(name, "absent", "", gone, received, 0, sha256, None, None, "", ""))
    whole = {"taken_at": _z(EPOCH + taken), "namespaces": namespaces, "helmreleases": releases}
    return json.dumps(whole).encode(), told, received


def _counts_at(at: int, received: int) -> int:
    return received if at > received + 60 else at


def _sha256(fact: dict[str, Any]) -> str:
    """Of what the ledger keeps of it: it decides between two of one moment."""
    return hashlib.sha256(json.dumps(fact, separators=(",", ":")).encode()).hexdigest()


def _z(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
