"""A kept answer is the one that would be made anew, whoever wrote what."""

import asyncio
import sqlite3
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from service.database.postgres import PooledPostgres
from service.database.sqlite import EmbeddedSQLite
from service.http import kept
from service.http.answer import JsonBytes
from service.http.kept import KeptAnswers
from service.ledger.releases import read

from ..support.service.served import Served, document, event, gitops, served

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("backend", [pytest.param("sqlite", marks=pytest.mark.sqlite)])
on_postgres = pytest.mark.parametrize("backend", [pytest.param("postgres", marks=pytest.mark.postgres)])
TABLES = ("release_image", "release_commit", "release")
PATHS = ("/releases/orders/1.4.2", "/releases?limit=2", "/environments/staging", "/environments/staging?at=2026-01-01")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that the database was asked."""
    statements = list[str]()
    for engine in (EmbeddedSQLite, PooledPostgres):
        monkeypatch.setattr(engine, "fetch", noting(engine.fetch, statements))
    return statements


def noting(fetch: Any, statements: list[str]) -> Any:
    async def noted(self: Any, sql: str, args: Any = (), **more: Any) -> Any:
        statements.append(sql)
        return await fetch(self, sql, args, **more)

    return noted


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
        assert await answers(ledger) == after == await answers(ledger, "&" * (number + 1)), number
        before = after


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
        for table in TABLES:
            other.execute(f"DELETE FROM {table}")  # noqa: S608
    other.close()
    await asyncio.sleep(0)  # what comes in one turn of the event loop was sent before this
    assert (await ledger.get("/releases"))["items"] == []


@on_postgres
async def test_what_another_replica_commits_ends_it(ledger: Served, database_url: str) -> None:
    """Also where it began before the answer was made, and others began and ended meanwhile."""
    await ledger.file(document())
    other = await asyncpg.connect(database_url, statement_cache_size=0)
    try:
        async with other.transaction():
            for table in TABLES:
                await other.execute(f"DELETE FROM {table}")  # noqa: S608
            assert len((await ledger.get("/releases"))["items"]) == 1
            await ledger.file(document("payments"))
            assert len((await ledger.get("/releases"))["items"]) == 2
        assert [it["service"] for it in (await ledger.get("/releases"))["items"]] == ["payments"]
    finally:
        await other.close()


async def test_it_is_counted_as_any_answer_and_head_has_its_headers(ledger: Served) -> None:
    count = 'waybill_request_seconds_count{method="%s",route="/releases/{service}/{version}",status="200"} '
    await ledger.file(document())

    async def counted(method: str) -> float:
        text = (await ledger.http.get("/metrics")).text
        return sum(float(it.removeprefix(count % method)) for it in text.splitlines() if it.startswith(count % method))

    before = await counted("GET"), await counted("HEAD")
    made, kept = await ledger.http.get(PATHS[0]), await ledger.http.get(PATHS[0])
    head = await ledger.http.head(PATHS[0])
    assert made.content == kept.content
    assert head.content == b""
    for answer in (kept, head):
        assert {**answer.headers, "x-request-id": ""} == {**made.headers, "x-request-id": ""}
    assert (await counted("GET"), await counted("HEAD")) == (before[0] + 2, before[1] + 1)


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

    def scope(number: int) -> dict[str, Any]:
        return {"path": "/releases", "query_string": b"cursor=%d" % number}

    for number in range(20):
        asking = scope(number)
        assert await answers.find(asking) is None
        asking["keep"](JsonBytes(bytes(100), holds=60), "/releases")
    assert [number for number in range(20) if await answers.find(scope(number))] == [*range(10, 20)]


async def test_it_is_not_sent_to_who_has_it(ledger: Served) -> None:
    await ledger.file(document())
    await ledger.say(event())
    for path in PATHS[:2]:
        first = await ledger.http.get(path)
        tag = first.headers["etag"]
        for given in (tag, f'"other", W/{tag}', "*"):
            same = await ledger.http.get(path, headers={"If-None-Match": given})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag), path
        assert (await ledger.http.get(path, headers={"If-None-Match": '"other"'})).content == first.content
        await ledger.file(document(gitops=gitops()) if path == PATHS[0] else document("payments"))
        other = await ledger.http.get(path, headers={"If-None-Match": tag})
        assert other.status_code == 200
        assert other.headers["etag"] != tag
    assert "etag" not in (await ledger.http.get("/releases/orders/9.9.9")).headers
