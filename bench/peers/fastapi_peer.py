"""The ledger's hot requests as a FastAPI and SQLAlchemy program, the way their documentation teaches them.

DATABASE_URL is `sqlite+aiosqlite:///file` or `postgresql+asyncpg://...`; TOKEN is the one token that may write. It
keeps what the ledger keeps and answers the same shapes; late events, scopes, limits and the rest it does without.
"""

import asyncio
import hashlib
import hmac
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from sqlalchemy import event, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import selectinload

from bench import data

from .fastapi_shapes import FluxEvent, Waybill
from .fastapi_tables import Arrival, Event, Proposal, Release, Table, Token

URL = os.environ["DATABASE_URL"]
engine = create_async_engine(URL, **({} if URL.startswith("sqlite") else {"pool_size": 8, "max_overflow": 0}))
sessions = async_sessionmaker(engine, expire_on_commit=False)
upsert = sqlite.insert if URL.startswith("sqlite") else postgresql.insert

if URL.startswith("sqlite"):

    @event.listens_for(engine.sync_engine, "connect")
    def durable(connection: Any, _: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as it:
        yield it


Session = Annotated[AsyncSession, Depends(session)]


async def writer(db: Session, authorization: Annotated[str, Header()] = "") -> None:
    sha256 = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
    if await db.scalar(select(Token).where(Token.sha256 == sha256)) is None:
        raise HTTPException(401)


app = FastAPI()


@app.post("/releases", status_code=201, dependencies=[Depends(writer)])
async def file_release(waybill: Waybill, db: Session, response: Response) -> dict[str, Any]:
    row = release_of(waybill)
    filed = await db.scalar(
        upsert(Release).values(**row).on_conflict_do_nothing(index_elements=["service", "version"]).returning(Release)
    )
    if filed is None:
        response.status_code = 200
        filed = await db.scalar(
            select(Release).where(Release.service == waybill.service, Release.version == waybill.chart.version)
        )
        if filed is None or filed.sha256 != row["sha256"]:
            raise HTTPException(409)
    elif waybill.gitops:
        db.add(Proposal(release=filed.id, part=waybill.gitops.model_dump_json()))
    await db.commit()
    return receipt(filed)


@app.get("/releases")
async def newest(
    db: Session, cursor: int | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> dict[str, Any]:
    query = select(Release).order_by(Release.id.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(Release.id < cursor)
    found = list(await db.scalars(query))
    more = str(found[limit - 1].id) if len(found) > limit else None
    return {"items": [whole(it) for it in found[:limit]], "next": more}


@app.get("/releases/{service}/{version}")
async def one(service: str, version: str, db: Session) -> dict[str, Any]:
    found = await db.scalar(
        select(Release)
        .where(Release.service == service, Release.version == version)
        .options(selectinload(Release.proposals))
    )
    if found is None:
        raise HTTPException(404)
    arrivals = await db.scalars(
        select(Arrival).where(Arrival.service == service, Arrival.version == version).limit(200)
    )
    return whole(found) | {
        "proposals": [it.part for it in found.proposals],
        "arrivals": [arrival_of(it) for it in arrivals],
    }


@app.get("/environments/{environment}")
async def environment(environment: str, db: Session) -> dict[str, Any]:
    rows = await db.execute(
        select(Arrival, Release)
        .outerjoin(Release, (Release.service == Arrival.service) & (Release.version == Arrival.version))
        .where(Arrival.environment == environment, Arrival.ended_at.is_(None))
        .order_by(Arrival.service)
    )
    services = [arrival_of(arrival) | {"known": release is not None} for arrival, release in rows]
    if not services:
        raise HTTPException(404)
    return {"environment": environment, "at": now(), "services": services}


@app.post("/hooks/flux/{environment}", status_code=201)
async def hook(
    environment: str, request: Request, db: Session, x_signature: Annotated[str, Header()]
) -> dict[str, Any]:
    body = await request.body()
    if not hmac.compare_digest(data.signature(environment, body), x_signature):
        raise HTTPException(401)
    row = {
        "environment": environment,
        "sha256": hashlib.sha256(body).hexdigest(),
        "body": body,
        "received_at": now(),
    }
    id = await db.scalar(
        upsert(Event).values(**row).on_conflict_do_nothing(index_elements=["environment", "sha256"]).returning(Event.id)
    )
    if id is not None:
        await follow(environment, FluxEvent.model_validate_json(body), db)
    await db.commit()
    return {"id": id, "environment": environment, "received_at": row["received_at"], "sha256": row["sha256"]}


async def follow(environment: str, it: FluxEvent, db: AsyncSession) -> None:
    place, version = f"{it.involvedObject.namespace}/{it.involvedObject.name}", it.metadata["revision"]
    running = await db.scalar(
        select(Arrival).where(Arrival.environment == environment, Arrival.place == place, Arrival.ended_at.is_(None))
    )
    if running is not None and running.version == version:
        return
    if running is not None:
        running.ended_at = it.timestamp.isoformat()
    db.add(
        Arrival(
            environment=environment,
            place=place,
            service=it.metadata["service"],
            version=version,
            started_at=it.timestamp.isoformat(),
            health="healthy",
        )
    )


def release_of(waybill: Waybill) -> dict[str, Any]:
    document = waybill.model_dump_json(exclude_none=True)
    return {
        "service": waybill.service,
        "version": waybill.chart.version,
        "sha256": hashlib.sha256(document.encode()).hexdigest(),
        "document": document,
        "image_digest": waybill.images[0].digest,
        "chart_digest": waybill.chart.digest,
        "recorded_at": now(),
    }


def whole(it: Release) -> dict[str, Any]:
    return Waybill.model_validate_json(it.document).model_dump(mode="json", exclude_none=True) | {
        "receipt": receipt(it)
    }


def receipt(it: Release) -> dict[str, Any]:
    return {
        "id": it.id,
        "service": it.service,
        "version": it.version,
        "recorded_at": it.recorded_at,
        "sha256": it.sha256,
    }


def arrival_of(it: Arrival) -> dict[str, Any]:
    keys = ("environment", "place", "service", "version", "started_at", "ended_at", "health")
    return {key: getattr(it, key) for key in keys}


def now() -> str:
    return datetime.now(UTC).isoformat()


async def fill(releases: int, events: int) -> None:
    """Creates the tables, the token and so many rows of each."""
    async with engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
        await connection.execute(insert(Token), [{"sha256": hashlib.sha256(os.environ["TOKEN"].encode()).hexdigest()}])
        documents = (data.waybill(data.service(number), data.version(number)) for number in range(releases))
        rows = [release_of(Waybill.model_validate(document)) for document in documents]
        await connection.execute(insert(Release), rows)
    async with sessions() as db:
        for number in range(events):
            environment, body = data.event(number)
            await follow(environment, FluxEvent.model_validate_json(body), db)
        await db.commit()
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(fill(int(sys.argv[1]), int(sys.argv[2])))
