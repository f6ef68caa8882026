"""A kept answer is the one that would be made anew, whoever wrote what; on PostgreSQL none is kept."""

import sqlite3
from typing import Any

import pytest
from litestar import Request

from service.database.sqlite import EmbeddedSQLite
from service.http import kept
from service.http.answer import JsonBytes
from service.http.kept import KeptAnswers
from service.ledger.releases import read

from ..support.service.served import Served, document, event, gitops, served

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("backend", [pytest.param("sqlite", marks=pytest.mark.sqlite)])
PATHS = ("/releases/orders/1.4.2", "/releases?limit=2", "/environments/staging", "/environments/staging?at=2026-01-01")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that SQLite was asked."""
    statements, fetch = list[str](), EmbeddedSQLite.fetch

    async def noted(self: EmbeddedSQLite, sql: str, args: Any = ()) -> Any:
        statements.append(sql)
        return await fetch(self, sql, args)

    monkeypatch.setattr(EmbeddedSQLite, "fetch", noted)
    return statements


async def answers(ledger: Served, query: str = "") -> list[Any]:
    """Without the moment at which an environment was looked at."""
    found = []
    for path in PATHS:
        answer = await ledger.http.get(f"{path}{'&' if '?' in path else '?'}{query}" if query else path)
        found.append((answer.status_code, answer.json() | {"at": None, "request_id": None}))
    return found


async def test_after_every_change_it_is_the_one_that_would_be_made_anew(ledger: Served) -> None:
    changes = [
        document(),
        event("InstallSucceeded", resource_version=1),
        document(gitops=gitops("1")),
        event("UpgradeFailed", resource_version=2),
        document("payments", "2.0.0"),
        event("UpgradeSucceeded", "1.4.3", resource_version=3),
        document(gitops=gitops("2")),
        event("UninstallSucceeded", "1.4.3", resource_version=4),
    ]
    before = await answers(ledger)
    for number, change in enumerate(changes):
        await (ledger.file(change) if "waybill" in change else ledger.say(change))
        after = await answers(ledger)
        assert after != before, number
        assert await answers(ledger) == after == await answers(ledger, f"anew={number}"), number
        before = after


@on_sqlite
async def test_while_nothing_is_written_nothing_is_asked(ledger: Served, asked: list[str]) -> None:
    await ledger.file(document())
    await ledger.say(event())
    await ledger.say(event("UninstallSucceeded", resource_version=2))
    first = [(await ledger.http.get(path)).content for path in PATHS]
    asked.clear()
    assert [(await ledger.http.get(path)).content for path in PATHS] == first
    assert not asked


@on_sqlite
async def test_what_another_program_writes_ends_it(ledger: Served, database_url: str) -> None:
    await ledger.file(document())
    assert len((await ledger.get("/releases"))["items"]) == 1
    with sqlite3.connect(database_url.removeprefix("sqlite:///")) as other:
        other.execute("PRAGMA foreign_keys=0")
        for table in ("release_image", "release_commit", "release"):
            other.execute(f"DELETE FROM {table}")  # noqa: S608
    other.close()
    assert (await ledger.get("/releases"))["items"] == []


@on_sqlite
async def test_what_is_written_while_it_is_made_ends_it(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    await ledger.file(document())
    full_record = read.full_record

    async def while_filing(*given: Any) -> Any:
        made = await full_record(*given)
        await ledger.file(document(gitops=gitops()))
        return made

    monkeypatch.setattr(read, "full_record", while_filing)
    assert (await ledger.get(PATHS[0]))["proposals"]["items"] == []
    monkeypatch.undo()
    assert len((await ledger.get(PATHS[0]))["proposals"]["items"]) == 1


@on_sqlite
async def test_what_depends_on_the_clock_is_made_anew_each_second(
    ledger: Served, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.file(document())
    await ledger.say(event())
    for path in PATHS:
        await ledger.get(path)
    now = kept.time.monotonic() + kept.WITH_CLOCK
    monkeypatch.setattr("service.http.kept.time.monotonic", lambda: now)
    for path, is_asked in zip(PATHS, (True, False, True, True), strict=True):
        asked.clear()
        await ledger.get(path)
        assert bool(asked) is is_asked, path


async def test_nobody_is_sent_one_that_may_not_read(database_url: str) -> None:
    async with served(database_url, READS="token") as ledger:
        await ledger.file(document())
        shown = {"Authorization": f"Bearer {await ledger.token('read')}"}
        for _ in range(2):
            assert (await ledger.http.get(PATHS[0], headers=shown)).status_code == 200
            assert (await ledger.http.get(PATHS[0])).status_code == 401


@on_sqlite
async def test_the_oldest_make_room(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "ALL_BYTES", 1000)
    answers = KeptAnswers()

    def request(number: int) -> Request[Any, Any, Any]:
        return Request({"type": "http", "path": "/releases", "query_string": b"cursor=%d" % number})  # type: ignore[typeddict-item]

    for number in range(20):
        asking = request(number)
        assert answers.find(asking) is None
        asking.scope["keep"](JsonBytes(bytes(100), holds=60))  # type: ignore[typeddict-item]
    assert [number for number in range(20) if answers.find(request(number))] == [*range(10, 20)]
