"""Flux's event about a HelmRelease: from the signed bytes of a notification to a typed event.

The wire form is notification-controller's (`apis/event`, v1beta1 `Event`). It strips the prefixes of metadata
keys before it sends; older versions, and a controller whose `--events-addr` points here, leave them on. Both
are read. Nothing here raises because of a body: one that cannot be read is no Flux event and has no effect.
"""

import re
from datetime import UTC, datetime, timedelta

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event about a HelmRelease. `time` is the sender's, in whole seconds since 1970.

    `version` is the chart's, without build metadata: helm-controller adds `+<12 hex of the chart's digest>`.
    `service` is our annotation (what was intended); `chart` is the name in the message.
    """

    place: str
    reason: str
    time: int
    resource_version: int
    version: str | None
    oci_digest: str | None
    chart: str | None
    service: str | None
    message: str


class _Object(msgspec.Struct):
    kind: str
    name: str
    namespace: str
    resourceVersion: str = ""  # noqa: N815 - Kubernetes' own spelling


class _Body(msgspec.Struct):
    involvedObject: _Object  # noqa: N815
    reason: str
    timestamp: datetime
    message: str = ""
    metadata: dict[str, str] | None = None


_decode = msgspec.json.Decoder(_Body).decode
NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")  # Kubernetes: RFC 1123 subdomain
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,127}")
DIGEST = re.compile(r"sha256:[a-f0-9]{64}")
_NUMBER = re.compile(r"[0-9]{1,20}")
CHART_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
_CHART = re.compile(rf"\bchart ({CHART_NAME.pattern})@([0-9A-Za-z.-]{{1,128}})")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_OURS = "event.toolkit.fluxcd.io/"
_CONTROLLERS = "helm.toolkit.fluxcd.io/"


def parse(body: bytes) -> Event | None:
    """The event that a body holds; None: no event, not about a HelmRelease, no usable name or time."""
    try:
        said = _decode(body)
    except (ValueError, RecursionError):
        return None
    it = said.involvedObject
    if it.kind != "HelmRelease" or not NAME.fullmatch(it.name) or not NAME.fullmatch(it.namespace):
        return None
    if said.timestamp.tzinfo is None or said.timestamp < EPOCH:
        return None
    metadata = said.metadata or {}
    revision = metadata.get(_CONTROLLERS + "revision") or metadata.get("revision") or ""
    oci_digest = metadata.get(_CONTROLLERS + "oci-digest") or metadata.get("oci-digest")
    chart = _CHART.search(said.message)
    return Event(
        place=f"{it.namespace}/{it.name}",
        reason=said.reason,
        time=(said.timestamp - EPOCH) // SECOND,
        resource_version=int(it.resourceVersion) if _NUMBER.fullmatch(it.resourceVersion) else 0,
        version=only(VERSION, revision.partition("+")[0]) or (chart and chart[2]) or None,
        oci_digest=only(DIGEST, oci_digest),
        chart=chart[1] if chart else None,
        service=only(_LABEL, metadata.get("service") or metadata.get(_OURS + "service")),
        message=_UNPRINTABLE.sub("", said.message.partition("\n")[0])[:1000],
    )


def only(pattern: re.Pattern[str], text: str | None) -> str | None:
    return text if text and pattern.fullmatch(text) else None
