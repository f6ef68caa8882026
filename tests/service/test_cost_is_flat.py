"""A request costs as much with many events and releases as with few: SQLite's steps are counted, no clock is read.

`make bench ARGS=--flat` measures the same, in time, at a million events and on PostgreSQL too.
"""

import asyncio
from typing import Any

import pytest

from bench import data, fill
from service.app import create_app
from service.database import piccolo_conf
from service.database.piccolo_conf import Engine
from service.database.query import Query
from service.database.sqlite import EmbeddedSQLite
from service.ledger import figures_commits
from service.ledger.arrivals.list import DigestArrivals
from service.ledger.arrivals.list import _of_digest as of_digest
from service.ledger.environments.at_time import EVENTS, LEVELS, SaidThen
from service.ledger.events import take as events
from service.ledger.releases import file as releases
from service.ledger.releases import read, search
from service.settings import Settings

from ..support.service.served import Served

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("backend", [pytest.param("sqlite", marks=pytest.mark.sqlite)])
on_postgres = pytest.mark.parametrize("backend", [pytest.param("postgres", marks=pytest.mark.postgres)])
FEW, MANY, RELEASES = 800, 4_000, 100
PERIOD = "from=2026-01-01T00:05:00Z&to=2026-01-01T00:10:00Z"
# What stands for each part of a path, and the questions that each route is asked, if there are others than none.
PARTS = {
    "service": data.service(0),
    "version": data.version(20),
    "environment": "staging",
    "digest": data.digest(f"image {data.service(0)} {data.version(20)}"),
    "commit": data.waybill(data.service(0), data.version(20))["source"]["commit"],
    "digits": data.digest(f"image {data.service(0)} {data.version(20)}").removeprefix("sha256:")[:12],
    "rest": "elsewhere",
    "name": "commits",
}
ASKED = {
    "/releases": ("", f"service={data.service(0)}", f"digest={PARTS['digest']}", f"commit={PARTS['commit']}"),
    "/environments/{environment}": ("", "at=2026-01-01T00:10:00Z"),
    "/environments/{environment}/arrivals": ("limit=10", f"service={data.service(0)}&limit=10"),
    "/environments/{environment}/compare": ("with=production", "at=2026-01-01T00:10:00Z"),
    "/services/{service}": ("limit=10",),
    "/releases/{service}/{version}/wait": ("environment=staging",),
    "/history": (
        *("limit=10", f"service={data.service(0)}&limit=10", "environment=staging&limit=10", "kind=failed&limit=10"),
        f"service={data.service(0)}&environment=staging&kind=failed&limit=10",
        "kind=mismatched&limit=10",
        "from=2026-01-01T00:05:00Z&to=2026-01-01T00:10:00Z&limit=10",
    ),
    "/figures": ("", PERIOD, f"service={data.service(0)}&{PERIOD}", f"environment=staging&{PERIOD}"),
    "/figures/{name}": (PERIOD,),
    "/history.atom": ("", "kind=failed"),
    "/board/environments/{environment}": ("", "at=2026-01-01T00:10:00"),
    "/board/environments/{environment}/said": (f"place=apps/{data.service(0)}&at=2026-01-01",),
    "/": ("", "behind=1", "wall"),
    "/board/compare": ("", "first=staging&second=staging&at=2026-01-01T00:10:00Z"),
    "/board/history": ("", "kind=failed", f"service={data.service(0)}"),
    "/board/figures": (PERIOD,),
    "/board/figures/{name}": (PERIOD,),
    "/board/search": ("q=1.20", f"q={data.service(0)}"),
}


def paths() -> list[str]:
    """Of every route that reads what was said or filed."""
    app = create_app(Settings.from_environment({}))
    found = sorted(
        route.path_format
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        if handler.opt.get("scope") == "read" and "GET" in handler.http_methods
    )
    assert set(ASKED) <= set(found)
    asked = [(path.format(**PARTS), query) for path in found for query in ASKED.get(path, ("",))]
    return [f"{path}?{query}" if query else path for path, query in asked]


def failed(number: int) -> events.Signed:
    """The failure of a retry, seconds after an event of the same place."""
    said = fill.signed(number)
    body = said.body.replace(b"UpgradeSucceeded", b"UpgradeFailed").replace(b'"timestamp":"2026', b'"timestamp":"2027')
    return events.Signed(said.environment, body, said.now.replace(year=2027))


async def steps(ledger: Served, path: str) -> int:
    """Of SQLite's virtual machine, in hundreds, for one request."""
    engine, count = piccolo_conf.current(), 0
    assert isinstance(engine, EmbeddedSQLite)

    def counted() -> int:
        nonlocal count
        count += 1
        return 0

    engine.started.reader.set_progress_handler(counted, 100)
    try:
        assert (await ledger.http.get(path)).status_code in (200, 303, 404), path
    finally:
        engine.started.reader.set_progress_handler(None, 0)
    return count


SEARCHES = ("1.2", "1.21.0", "9.9.9", "zzz", data.service(3), f"{data.service(3)}-1.2.0", "cafe", "sha256:ab12")
RELEASE_PATHS = (
    *(f"/board/search?q={text}" for text in SEARCHES),
    f"/releases?service={data.service(3)}&limit=10",
    "/releases?limit=10",
)


@pytest.mark.long
@on_sqlite
async def test_no_request_costs_more_with_more_events(ledger: Served) -> None:
    await asyncio.gather(*(releases.file(fill.filing(number)) for number in range(RELEASES)))
    costs = []
    for begin, end in ((0, FEW), (FEW, MANY)):
        await asyncio.gather(*(events.take(fill.signed(number)) for number in range(begin, end)))
        await asyncio.gather(*(events.take(failed(number)) for number in range(begin, end, 4)))
        costs.append({path: await steps(ledger, path) for path in paths()})
    few, many = costs
    assert {path: cost for path, cost in many.items() if cost > 1.5 * few[path] + 5} == {}, few


@on_sqlite
async def test_what_ran_at_a_time_is_asked_for_many_places_together(
    ledger: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked for each of them, also where an attempt failed since their last arrival."""
    await releases.file(fill.filing(0))
    signed = [fill.signed(number) for number in (0, 40)]
    for number in range(300):
        name = f"place-{number}".encode()
        for it in signed:
            body = it.body.replace(b'"namespace":"apps"', b'"namespace":"%b"' % name)
            failed = body.replace(b"UpgradeSucceeded", b"UpgradeFailed") if it is signed[1] else body
            await events.take(events.Signed("staging", failed, it.now))
    asked, fetch = list[str](), EmbeddedSQLite.fetch

    async def counted(self: EmbeddedSQLite, sql: str, args: Any = (), **more: Any) -> Any:
        asked.append(sql)
        return await fetch(self, sql, args, **more)

    monkeypatch.setattr(EmbeddedSQLite, "fetch", counted)
    then = await ledger.get("/environments/staging?at=2026-01-02")
    assert len(then["services"]) == 300
    assert {(it["release"]["version"], it["attempt"]["version"]) for it in then["services"]} == {("1.0.0", "1.1.0")}
    assert len(asked) < 20


@pytest.mark.long
@on_sqlite
async def test_no_search_and_no_list_costs_more_with_more_releases(ledger: Served) -> None:
    """What costs grow with is how many a list shows: at first there are more than that."""
    costs = []
    for begin, end in ((0, 1_400), (1_400, 5_600)):
        await asyncio.gather(*(releases.file(fill.filing(number)) for number in range(begin, end)))
        costs.append({path: await steps(ledger, path) for path in RELEASE_PATHS})
    few, many = costs
    assert {path: cost for path, cost in many.items() if cost > 1.5 * few[path] + 5} == {}, few


@on_postgres
@pytest.mark.parametrize(
    ("query", "key", "index"),
    [
        (search._version, search.Range("1.2", "1.2~", 5), "release_version_prefix"),
        (search._release, search.ReleaseName("web", "1.2.0", 5), "release_version_prefix"),
        (search._archive, search.Range("sha256:12", "sha256:12g", 5), "release_archive"),
        (search._proposed_commit, search.Range("12", "12g", 5), "proposal_commit"),
        (search._service, search.NewestOf("web", 5), "release_service_newest"),
        (read.releases_with("service"), read.ReleasesKey("web", None, None, 1_000, 5), "release_service_newest"),
    ],
)
async def test_postgresql_finds_releases_by_an_index(
    database: Engine, query: Query[Any, Any], key: tuple[Any, ...], index: str
) -> None:
    """With few rows it would rather read them all, so that is forbidden here."""
    sql, values_of = query.statement("postgres")
    async with database.transaction():
        await database.fetch("SET LOCAL enable_seqscan = off")
        plan = "\n".join(line for (line,) in await database.fetch(f"EXPLAIN {sql}", values_of(key)))
    assert index in plan, plan
    assert "Index Cond" in plan.partition(index)[2], plan


@pytest.mark.long
@on_postgres
async def test_the_end_of_an_arrival_changes_no_index_of_postgresql(database: Engine) -> None:
    events_of_a_place, places = 10, data.SERVICES * len(data.ENVIRONMENTS)
    for number in range(events_of_a_place * places):
        await events.take(fill.signed(number))
    ends = (events_of_a_place - 1) * places
    while True:  # each connection tells its numbers when it is next used, at most once a second
        sql = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'arrival'"
        [(updated, without_index)] = await database.fetch(sql)
        if updated >= ends:
            break
    assert without_index > 0.8 * updated


@pytest.mark.long
@on_postgres
@pytest.mark.parametrize("query", [figures_commits._filed, figures_commits._newer, figures_commits._older])
async def test_postgresql_reads_a_few_releases_of_each_service_for_figures(
    database: Engine, query: dict[str, Query[Any, Any]]
) -> None:
    """Of services that have many, as its statistics know."""
    await asyncio.gather(*(releases.file(fill.filing(number)) for number in range(2_000)))
    async with database.transaction():
        await database.fetch("ANALYZE")
    sql, values_of = query["postgres"].statement("postgres")
    plan = "\n".join(line for (line,) in await database.fetch(f"EXPLAIN {sql}", values_of(("[]",))))
    assert "Seq Scan on release" not in plan, plan
    assert "release_service_newest on release" in plan, plan


@on_postgres
@pytest.mark.parametrize(("query", "index"), [(EVENTS["postgres"], "event_place"), (LEVELS["postgres"], "level_place")])
async def test_postgresql_reads_a_little_of_each_place_for_a_time(
    database: Engine, query: Query[Any, Any], index: str
) -> None:
    """Of places of which much was said, as its statistics know."""
    for sql in (
        "INSERT INTO event (environment, sha256, body, received_at, place, at) SELECT 'staging', p || ' ' || n,"
        " repeat('x', 700)::bytea, now(), 'apps/' || p, n FROM generate_series(1, 20) p, generate_series(1, 500) n",
        "INSERT INTO level (environment, place, sha256, body, first_at, first_version, last_at, last_version)"
        " SELECT 'staging', 'apps/' || p, p || ' ' || n, repeat('x', 700)::bytea, n, '', n, ''"
        " FROM generate_series(1, 20) p, generate_series(1, 500) n",
        "INSERT INTO place (environment, place, position, state)"
        " SELECT 'staging', 'apps/' || p, '', '' FROM generate_series(1, 20) p",
        "ANALYZE",
    ):
        async with database.transaction():
            await database.fetch(sql)
    sql, values_of = query.statement("postgres")
    plan = "\n".join(
        line for (line,) in await database.fetch(f"EXPLAIN {sql}", values_of(SaidThen("1", "staging", "", "b", 400)))
    )
    assert f"{index} on" in plan, plan
    assert "Seq Scan on event" not in plan
    assert "Seq Scan on level" not in plan


@pytest.mark.long
@on_postgres
async def test_postgresql_finds_a_charts_digest_by_its_index_before_anything_was_analyzed(database: Engine) -> None:
    """Without statistics it takes a digest for one that many arrivals have, and would walk through all of them."""
    insert = (
        "INSERT INTO arrival (environment, place, position, state, service, version, started_at, basis, chart_digest)"
        " SELECT 'staging', 'apps/x', n, '', 'x', '1.0.0', 1, 'event', 'sha256:' || n FROM generate_series({}, {}) n"
    )
    sql, values_of = of_digest.statement("postgres")
    async with database.transaction():
        for first in range(0, 90_000, 10_000):
            await database.fetch(insert.format(first, first + 9_999))
        asked = values_of(DigestArrivals("sha256:1", "g", "", 1))
        plan = "\n".join(line for (line,) in await database.fetch(f"EXPLAIN {sql}", asked))
    assert "arrival_chart_digest" in plan, plan
    assert "Backward using arrival_newest" not in plan, plan
