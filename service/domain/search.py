"""What a person may mean who types something into the search: a version, a commit, a digest, a service, a tag."""

import re
from typing import NamedTuple

_HEX = re.compile(r"[0-9a-f]{4,64}")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,127}")
_BOTH = re.compile(r"([a-z0-9][a-z0-9-]*?)[ /@-]v?([0-9]+\.[0-9A-Za-z.-]*)")


class Terms(NamedTuple):
    """Each a prefix or a whole name to look for; None: the text cannot mean that."""

    digest: str | None = None
    commit: str | None = None
    version: str | None = None
    service: str | None = None
    release: tuple[str, str] | None = None


def parse(text: str) -> Terms:
    """Also reads `repository@sha256:...`, `orders 1.4.2` and the tag `orders-1.4.2`."""
    text = text.strip()
    _, _, digest = text.lower().rpartition("sha256:")
    if digest != text.lower():
        return Terms(digest=f"sha256:{digest}" if _HEX.fullmatch(digest) else None)
    lower = text.lower()
    both = _BOTH.fullmatch(lower)
    version = text.removeprefix("v")
    return Terms(
        digest=f"sha256:{lower}" if _HEX.fullmatch(lower) else None,
        commit=lower if _HEX.fullmatch(lower) and len(lower) <= 40 else None,
        version=version if _VERSION.fullmatch(version) else None,
        service=lower if _NAME.fullmatch(lower) else None,
        release=(both[1], both[2]) if both else None,
    )
