"""What the history tells of a proposal: an item for each place that it is for."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from ...domain.event import seconds_of
from ...domain.state import position
from ...domain.waybill import Gitops
from ..events.statements import Detail, HistoryColumns, detail_text


def proposed(service: str, version: str, gitops: Gitops, sha256: str, now: datetime) -> Iterator[HistoryColumns]:
    """`sha256`: the proposal's."""
    at = seconds_of(now)
    detail = Detail(url=gitops.proposal.url if gitops.proposal else None, replaces=gitops.replaces or None)
    for it in dict.fromkeys(gitops.places):
        own = hashlib.sha256(f"proposed {service} {version} {sha256} {it.place}".encode()).hexdigest()
        yield HistoryColumns(
            it.environment,
            it.place,
            position(at, str(now.microsecond), 0, 0, own),  # in the order in which they were filed
            "proposed",
            at,
            "filing",
            service=service,
            version=version,
            cause=gitops.kind or None,
            message=gitops.reason or "",
            detail=detail_text(detail),
        )
