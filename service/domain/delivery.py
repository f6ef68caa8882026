"""What Flux says of manifests that it gets as an artifact: that its source-controller fetched them, and its
kustomize-controller applied them, or why not.

An event is about an artifact where it names the digest of one: in `revision`, as `TAG@sha256:...` or the digest alone,
else in its message. `originRevision`, which Flux 2.10 adds, is what the artifact says that it was made of.
"""

import re
from datetime import datetime
from typing import Literal

from msgspec import Struct

from .event import DIGEST, EPOCH, NAME, decode, digest_in, line, seconds_of, time_in
from .state import told_at

Outcome = Literal["fetched", "applied", "failed"]
KINDS: dict[str, Outcome] = {"OCIRepository": "fetched", "Kustomization": "applied"}
SUCCEEDED = "ReconciliationSucceeded"  # of a Kustomization; other words of it are of something under way
ORIGIN = re.compile(r"[!-~]{1,200}")


class Delivery(Struct, frozen=True):
    """`object`: `OCIRepository/namespace/name`; `origin`: as Flux reports it; `at`: in seconds since 1970; `message`:
    of a failure alone."""

    digest: str
    origin: str | None
    object: str
    outcome: Outcome
    at: int
    message: str


def delivery_in(body: bytes, received_at: datetime) -> Delivery | None:
    """None where the body tells nothing of an artifact."""
    try:
        said = decode(body)
        time = time_in(said.timestamp or "")
    except (ValueError, RecursionError):  # msgspec's errors, too
        return None
    it, message = said.involvedObject, said.message or ""
    namespace = it.namespace or ""
    failed = said.severity == "error"
    outcome: Outcome | None = "failed" if failed else KINDS.get(it.kind)
    if it.kind not in KINDS or outcome is None or time.tzinfo is None or time < EPOCH:
        return None
    if it.kind == "Kustomization" and not failed and said.reason != SUCCEEDED:
        return None
    told = {key.rpartition("/")[2]: value for key, value in (said.metadata or {}).items() if isinstance(value, str)}
    digest = digest_in(told.get("revision")) or _alone(message)
    if digest is None or not all(map(NAME.fullmatch, (namespace, it.name))):
        return None
    origin = told.get("originRevision", "")
    return Delivery(
        digest=digest,
        origin=origin if ORIGIN.fullmatch(origin) else None,
        object=f"{it.kind}/{namespace}/{it.name}",
        outcome=outcome,
        at=told_at(seconds_of(time), seconds_of(received_at)),
        message=line(message) if failed else "",
    )


def _alone(message: str) -> str | None:
    found = {*DIGEST.findall(message)}
    return found.pop() if len(found) == 1 else None
