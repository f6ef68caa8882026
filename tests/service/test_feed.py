"""The history as a feed, in Atom (RFC 4287)."""

from datetime import UTC, datetime
from xml.etree import ElementTree as Xml

import pytest

from ..support.service.life import FAILED_AND_HEALED, TRUTH, tell
from ..support.service.served import Served, event, served
from ..support.service.stories import E

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_the_feed_is_the_history_in_atom(database_url: str) -> None:
    async with served(database_url, READS="token") as ledger:
        await tell(ledger, FAILED_AND_HEALED)
        await ledger.say(event("UpgradeFailed", "1.3.0", at=NOON, message="]]> <b>& \ufffe"), "production")
        shown = {"Authorization": f"Bearer {await ledger.token('read')}"}
        assert (await ledger.http.get("/history.atom")).status_code == 401
        answer = await ledger.http.get("/history.atom?environment=staging&kind=failed", headers=shown)
        assert answer.headers["content-type"].partition(";")[0] == "application/atom+xml"
        [failed] = (await ledger.http.get("/history?environment=staging&kind=failed", headers=shown)).json()["items"]
        root = Xml.fromstring(answer.content)  # noqa: S314 - our own
        assert {it.tag.partition("}")[2] for it in root} == {"id", "title", "updated", "author", "link", "entry"}
        [entry] = root.findall("{*}entry")
        assert entry.findtext("{*}id") == f"urn:uuid:{failed['id']}"
        assert entry.findtext("{*}title") == "orders 1.1.0: failed in staging"
        assert entry.findtext("{*}updated") == root.findtext("{*}updated") == failed["when"]
        link, own = entry.find("{*}link"), root.find("{*}link")
        assert link is not None
        assert own is not None
        assert own.attrib["href"] == "history.atom?environment=staging&kind=failed"
        page = await ledger.http.get(f"/{link.attrib['href']}", headers=shown)
        assert page.status_code == 200
        whole = Xml.fromstring((await ledger.http.get("/history.atom", headers=shown)).content)  # noqa: S314
        ids = [it.findtext("{*}id") for it in whole.findall("{*}entry")]
        assert len(set(ids)) == len(ids) == len(TRUTH) + 1
        known = shown | {"If-None-Match": answer.headers["etag"]}
        again = await ledger.http.get("/history.atom?environment=staging&kind=failed", headers=known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
        await tell(ledger, [E(600, "InstallFailed", "1.4.0", rv=60)])
        changed = await ledger.http.get("/history.atom?environment=staging&kind=failed", headers=known)
        assert (changed.status_code, changed.headers["etag"] != answer.headers["etag"]) == (200, True)


async def test_an_empty_feed_is_one(ledger: Served) -> None:
    root = Xml.fromstring((await ledger.http.get("/history.atom")).content)  # noqa: S314 - our own
    assert [root.findtext(f"{{*}}{name}") is not None for name in ("id", "title", "updated")] == [True] * 3
    assert (await ledger.http.get("/history.atom?kind=broken")).status_code == 400


async def test_text_that_would_be_reordered_or_hidden_is_shown(ledger: Served) -> None:
    await ledger.say(event("UpgradeFailed", "1.5.0", message="all \u202ewell\u200b\x9b"))
    told = (await ledger.http.get("/history.atom")).text
    assert "all \ufffdwell\ufffd\ufffd" in told
