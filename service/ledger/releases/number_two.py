"""Releases in number 2 of the waybill, whichever number they were filed in.

A ledger before number 2 may run on the same database and file releases; those are converted when they are read, and for
good by upgrade.py. All SQL here has the alias `r` for a release.
"""

from datetime import datetime

import msgspec
from msgspec import Struct

from ...domain.event import seconds_of
from ...domain.identity import sha256
from ...domain.number_one import decode, decode_gitops, gitops_to_two, to_two
from ...domain.waybill import encode

TEXT = "coalesce(r.waybill, r.document)"
WHOLE = "coalesce(r.whole, r.waybill, r.document)"
SHA256 = "r.identity"  # null where TEXT is of number 1
# The ids of the releases that have an image with a digest, which is bound twice.
WITH_IMAGE = (
    "SELECT i.release FROM release_image i WHERE i.digest = {}"
    " UNION SELECT o.id FROM release o WHERE o.image_digest = {} AND o.waybill IS NULL"
)
# The ids of the releases that contain a commit, which is bound twice.
WITH_COMMIT = (
    "SELECT s.id FROM release s WHERE s.source_commit = {}"
    ' UNION SELECT n.release FROM release_commit n WHERE n."commit" = {}'
)


class _DatedSource(Struct):
    committed_at: datetime


class _DatedDocument(Struct):
    source: _DatedSource


_dated = msgspec.json.Decoder(_DatedDocument).decode


def committed_at(document: str) -> int:
    """Of the source commit, in seconds since 1970, from a release's document in either number."""
    return seconds_of(_dated(document).source.committed_at)


def in_two(document: str, identity: str | None) -> tuple[str, str]:
    """A release's TEXT or WHOLE in number 2, and its receipt's SHA-256, from what was kept."""
    if identity is not None:
        return document, identity
    converted = to_two(decode(document))
    return encode(converted).decode(), sha256(converted)


def gitops_in_two(part: str, gitops: str | None) -> bytes:
    """The gitops part of a proposal, as JSON."""
    return (gitops or "").encode() or encode(gitops_to_two(decode_gitops(part)))
