"""What a person may mean who types something into the search: a version, a commit, a digest, a service, a tag."""

import re
from typing import NamedTuple

from .event import NAME

_HEX = re.compile(r"[0-9a-f]{4,64}")
_VERSION = re.compile(r"[0-9a-z][0-9a-z.-]{0,127}")
_BOTH = re.compile(r"([a-z0-9][a-z0-9-]*?)[ /@-]v?([0-9]+\.[0-9a-z.-]*)")


class Terms(NamedTuple):
    """What to look for, in lower case: the beginning of a digest, of a commit, of a version, or the name of a service;
    `release` is a service and a version. None: the text cannot mean that."""

    digest: str | None = None
    commit: str | None = None
    version: str | None = None
    service: str | None = None
    release: tuple[str, str] | None = None


def parse(text: str) -> Terms:
    """Also reads `repository@sha256:...`, `orders 1.4.2` and the tag `orders-1.4.2`."""
    text = text.strip().lower()
    _, _, digest = text.rpartition("sha256:")
    if digest != text:
        return Terms(digest=f"sha256:{digest}" if _HEX.fullmatch(digest) else None)
    both = _BOTH.fullmatch(text)
    version = text.removeprefix("v")
    is_hex = _HEX.fullmatch(text) is not None
    return Terms(
        digest=f"sha256:{text}" if is_hex else None,
        commit=text if is_hex and len(text) <= 40 else None,
        version=version if _VERSION.fullmatch(version) else None,
        service=text if NAME.fullmatch(text) else None,
        release=(both[1], both[2]) if both else None,
    )
