"""Flux's event: from the signed bytes of a notification to a typed event, or the cause why they hold none that counts.

The wire form is notification-controller's (`apis/event`, v1beta1 `Event`). It strips the prefixes of metadata keys
before it sends; older versions, and a controller whose `--events-addr` points here, leave them on. Both are read.
"""

import re
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Tries(NamedTuple):
    """After so many failures to install, or to upgrade, Flux gives up. None: it never does, or it is not known."""

    install: int | None
    upgrade: int | None


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event about a HelmRelease, or about the source of its chart. `time` is the sender's, in whole seconds since
    1970; `resource_version` and `uid` are the HelmRelease's, "" where the event does not tell them.

    `version` is the chart's, and `build` its build metadata: helm-controller adds `+<12 hex of the chart's digest>`.
    `service`, `release`, `image`, `tests` and `tries` are our annotations: what was intended. With `tests_ignored` Flux
    ignores that they fail. `chart` is the name in the message, `severity` info or error.
    """

    place: str
    kind: str
    uid: str
    reason: str
    severity: str
    time: int
    resource_version: str
    version: str | None
    build: str | None
    oci_digest: str | None
    chart: str | None
    service: str | None
    release: str | None
    image: str | None
    tests: int | None
    tests_ignored: bool
    tries: Tries | None
    message: str


class Cause(str):
    """Why a body has no effect: a short phrase, which is counted and shown."""


NOT_JSON, NO_EVENT = Cause("not JSON"), Cause("no event of Flux")
NO_NAME, NO_TIME = Cause("no usable name of a HelmRelease"), Cause("no usable time")
OTHER_KIND, OTHER_REASON = Cause("about another kind of object"), Cause("a reason that changes nothing")
NO_VERSION = Cause("names no version of a chart")
NO_PLACE = Cause("about a source of which no HelmRelease is known")
TOO_LATE = Cause("so late that `waybill-service rebuild` is needed to count them in")
REFUSED = (NOT_JSON, NO_EVENT)  # no event of Flux at all


class _Object(msgspec.Struct, omit_defaults=True):
    """Go writes null for what is not set."""

    kind: str
    name: str
    namespace: str | None = ""
    uid: str | None = None
    resourceVersion: str | int | None = None  # noqa: N815 - Kubernetes' own spelling


class _Body(msgspec.Struct, omit_defaults=True):
    involvedObject: _Object  # noqa: N815
    reason: str | None
    timestamp: str | None
    message: str | None = ""
    severity: str | None = "info"
    metadata: dict[str, object] | None = None


decode = msgspec.json.Decoder(_Body).decode
NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")  # Kubernetes: RFC 1123 subdomain
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,127}")
BUILD = re.compile(r"[0-9A-Za-z.-]{1,128}")
DIGEST = re.compile(r"sha256:[a-f0-9]{64}")
NUMBER = re.compile(r"[0-9]{1,39}")  # KEP-5504: up to 128 bits
CHART_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
OVERRIDDEN = "overridden"  # what our annotation says in place of images that a place does not run as they were released
IMAGE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._:/-]{0,255}@sha256:[a-f0-9]{64}")
_CHART = re.compile(rf"\bchart ({CHART_NAME.pattern})@([0-9A-Za-z.-]{{1,128}})(?:\+({BUILD.pattern}))?")
_DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|s|m|h))+")  # of Go, as the HelmRelease's schema has it
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_TRIES = re.compile(r"(install|upgrade)=([0-9]{1,6})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_OURS = "event.toolkit.fluxcd.io/"
_CONTROLLERS = "helm.toolkit.fluxcd.io/"
SOURCES = ("HelmChart", "OCIRepository")
TOLD, OURS = ("revision", "oci-digest"), ("service", "release", "image", "tests", "tries")
# The keys of metadata that are read, with the prefixes that may be on them.
METADATA = {*TOLD, *OURS, *(f"{_CONTROLLERS}{it}" for it in TOLD), *(f"{_OURS}{it}" for it in OURS)}
IGNORED = "ignored"  # what our annotation says of tests whose failures Flux ignores
TEST_SECONDS = 300  # helm-controller's default of spec.timeout


def parse(body: bytes) -> Event | Cause:
    """The event that a body holds, or why it holds none that this ledger reads."""
    try:
        said = decode(body)
    except msgspec.ValidationError:
        return NO_EVENT
    except (ValueError, RecursionError):
        return NOT_JSON
    it = said.involvedObject
    if it.kind != "HelmRelease" and it.kind not in SOURCES:
        return OTHER_KIND
    place = place_of(it.kind, it.namespace or "", it.name)
    if place is None:
        return NO_NAME if it.kind == "HelmRelease" else NO_PLACE
    time = _time(said.timestamp or "")
    if time is None:
        return NO_TIME
    metadata = {key: value for key, value in (said.metadata or {}).items() if isinstance(value, str)}
    told = metadata.get(_CONTROLLERS + "revision") or metadata.get("revision") or ""
    digest = metadata.get(_CONTROLLERS + "oci-digest") or metadata.get("oci-digest")
    message = said.message or ""
    chart = chart_in(message)
    version, build = revision(told)
    if version is None and chart:
        version, build = chart[2], chart[3]

    def ours(name: str) -> str | None:
        return metadata.get(name) or metadata.get(_OURS + name)

    return Event(
        place=place,
        kind=it.kind,
        uid=(it.uid or "")[:64] if it.kind == "HelmRelease" else "",
        reason=word(said.reason or "", 128),
        severity=word(said.severity or "info", 16),
        time=time,
        resource_version=number(it.resourceVersion) if it.kind == "HelmRelease" else "",
        version=version,
        build=build,
        oci_digest=digest_in(digest) or digest_in(told),
        chart=chart[1] if chart else None,
        service=only(_LABEL, ours("service")),
        release=only(VERSION, ours("release")),
        image=OVERRIDDEN if ours("image") == OVERRIDDEN else only(IMAGE, ours("image")),
        tests=tests_in(ours("tests")),
        tests_ignored=ours("tests") == IGNORED,
        tries=tries_in(ours("tries")),
        message=line(message),
    )


def place_of(kind: str, namespace: str, name: str) -> str | None:
    """namespace/name of the HelmRelease. Flux names a HelmChart `<namespace>-<name>` of its HelmRelease; Waybill gives
    an OCIRepository the HelmRelease's name."""
    if kind == "HelmChart":
        if not name.startswith(f"{namespace}-"):
            return None
        name = name.removeprefix(f"{namespace}-")
    return f"{namespace}/{name}" if NAME.fullmatch(name) and NAME.fullmatch(namespace) else None


def revision(text: str | None) -> tuple[str | None, str | None]:
    """The version and the build metadata of a revision, as Flux writes it: `1.2.3`, `1.2.3+build`,
    `1.2.3@sha256:...`; None where it is a digest alone."""
    version, _, build = (text or "").partition("@")[0].partition("+")
    found = only(VERSION, version)
    return (None, None) if found is None or version == "sha256" else (found, only(BUILD, build))


def digest_in(text: str | None) -> str | None:
    """Of `sha256:...`, and of what stands before an `@`, as `latest@sha256:...`."""
    return only(DIGEST, (text or "").rpartition("@")[2])


def tests_in(text: str | None) -> int | None:
    """For how many seconds Helm's tests may run, of our annotation; None: there are none, or none that count, or none
    are known of."""
    return TEST_SECONDS if text == "true" else seconds_in(text)


def seconds_in(text: str | None) -> int | None:
    """Of a duration as Go writes it, as `1h2m3.5s`; None: it is none, or less than a second."""
    if not text or not _DURATION.fullmatch(text):
        return None
    parts = re.findall(r"([0-9.]+)(ms|[smh])", text)
    return int(sum(float(number) * _UNITS[unit] for number, unit in parts)) or None


def tries_in(text: str | None) -> Tries | None:
    """Of our annotation, `install=4,upgrade=3`; what is left out is not known, or endless."""
    found = {name: int(number) for name, number in _TRIES.findall(text or "")}
    return Tries(found.get("install") or None, found.get("upgrade") or None) if found else None


def number(text: str | int | None) -> str:
    """A resourceVersion without leading zeros; "": there is none."""
    return str(only(NUMBER, str(text)) or "").lstrip("0")


def chart_in(message: str) -> re.Match[str] | None:
    """`chart NAME@VERSION[+BUILD]`, in three groups."""
    return _CHART.search(message)


def line(text: str) -> str:
    """What a message of Flux says, in one line and without what cannot be printed: its first line, and where that ends
    with a colon, as in "1 error occurred:", the lines after it, up to an empty one."""
    first, _, rest = text.partition("\n")
    if first.rstrip().endswith(":"):
        told = takewhile(str.strip, rest.splitlines())
        first = f"{first.rstrip()} {'; '.join(it.strip().removeprefix('* ') for it in told)}".rstrip()
    return _UNPRINTABLE.sub("", first)[:1000]


def word(text: str, most: int) -> str:
    """So many characters of a name, without what cannot be printed, which no database need take."""
    return _UNPRINTABLE.sub("", text)[:most]


def only(pattern: re.Pattern[str], text: str | None) -> str | None:
    return text if text and pattern.fullmatch(text) else None


def seconds_of(at: datetime) -> int:
    """Since 1970."""
    return (at - EPOCH) // SECOND


def time_in(text: str) -> datetime:
    """As Go writes it (RFC 3339). Raises ValueError."""
    if not _DAY.match(text):  # what Python reads is more: weeks, any sign before the hours
        raise ValueError("no time")
    return datetime.fromisoformat(text)


def _time(text: str) -> int | None:
    """In seconds since 1970; None: no time with an offset, or one before 1970."""
    try:
        time = time_in(text)
    except ValueError:
        return None
    return None if time.tzinfo is None or time < EPOCH else seconds_of(time)
