"""The history as a feed: Atom, RFC 4287. Its links are relative, so that they hold below any path."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as Xml

from ..domain.forms import INVISIBLE
from ..ledger.history import HistoryItem

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# What XML 1.0 has no place for.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def feed(query: dict[str, str], items: Iterable[HistoryItem]) -> bytes:
    """Of what was asked for by `query`, newest first."""
    several, own = list(items), f"history.atom{'?' if query else ''}{urlencode(query)}"
    root = Xml.Element("feed", {"xmlns": ATOM})
    _add(root, "id", f"urn:uuid:{uuid5(NAMESPACE_URL, own)}")
    _add(root, "title", " ".join(["Waybill", *query.values()]))
    _add(root, "updated", _time(max((it.when for it in several), default=NEVER)))
    _add(_add(root, "author"), "name", "Waybill")
    _add(root, "link", rel="self", href=own, type=MEDIA_TYPE)
    for it in several:
        _entry(root, it)
    text: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _entry(root: Xml.Element, it: HistoryItem) -> None:
    what = " ".join(filter(None, (it.service, it.version and f"{it.version}:")))
    kind = it.kind.replace("_", " ")
    entry = _add(root, "entry")
    _add(entry, "id", f"urn:uuid:{it.id}")
    _add(entry, "title", f"{what or 'all'} {kind} in {it.environment}")
    _add(entry, "updated", _time(it.when))
    _add(entry, "category", term=it.kind)
    known = it.known and it.service and it.version
    page = f"board/releases/{it.service}/{it.version}" if known else f"board/environments/{it.environment}"
    _add(entry, "link", rel="alternate", href=page, type="text/html")
    told = (it.place, it.cause, it.to and f"{it.to} runs again", it.message, *(each.found for each in it.mismatches))
    _add(entry, "content", ". ".join(filter(None, told)) or kind, type="text")


def _add(parent: Xml.Element, name: str, text: str | None = None, /, **attributes: str) -> Xml.Element:
    element = Xml.SubElement(parent, name, attributes)
    element.text = None if text is None else _FORBIDDEN.sub("", INVISIBLE.sub("\ufffd", text))
    return element


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
