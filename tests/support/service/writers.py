"""Clients that write without pause, and remember what was acknowledged to them."""

import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from service.database.tables import Environment, Event, Proposal, Release

from .served import KEYS, document, event, gitops, signature

ACKNOWLEDGED = (200, 201)
AGAIN = 503


@dataclass(frozen=True)
class Message:
    """One thing to write; sent again it is the same bytes."""

    path: str
    body: bytes
    headers: dict[str, str]


@dataclass
class Writers:
    """Each sends one message again until it is acknowledged, then the next. `urls` may change meanwhile."""

    urls: list[str]
    token: str
    acknowledged: list[tuple[Message, dict[str, Any]]] = field(default_factory=list)
    answers: Counter[int | str] = field(default_factory=Counter)
    stopping: bool = False

    @asynccontextmanager
    async def writing(self, writers: int = 8, *, seconds: float = 60) -> AsyncIterator[None]:
        """Meanwhile they write; at the end each goes on until its message is acknowledged, so all is at rest.

        Raises TimeoutError when that takes longer than `seconds`.
        """
        self.stopping = False
        tasks = [asyncio.create_task(self._write(number)) for number in range(writers)]
        try:
            yield
            self.stopping = True
            async with asyncio.timeout(seconds):
                await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def until(self, more: int, *, seconds: float = 30) -> None:
        """So many more are acknowledged. Raises TimeoutError."""
        enough = len(self.acknowledged) + more
        async with asyncio.timeout(seconds):
            while len(self.acknowledged) < enough:  # noqa: ASYNC110 - it waits for a server
                await asyncio.sleep(0.01)

    def messages(self, writer: int) -> Iterator[Message]:
        for number in itertools.count():
            name = f"writer-{writer}"
            if number % 2:
                body = json.dumps(event(name=name, revision=f"1.0.{number}", resource_version=number)).encode()
                headers = {"X-Signature": signature(body, KEYS["staging"][0])}
                yield Message("/hooks/flux/staging", body, headers)
            else:
                whole = document(name, f"1.0.{number}", gitops=gitops())
                headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
                yield Message("/releases", json.dumps(whole).encode(), headers)

    async def _write(self, writer: int) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=15) as http:
            for message in self.messages(writer):
                while not (receipt := await self._send(http, message)):  # noqa: ASYNC110 - it waits for a server
                    await asyncio.sleep(0.05)
                self.acknowledged.append((message, receipt))
                if self.stopping:
                    return

    async def _send(self, http: httpx.AsyncClient, message: Message) -> dict[str, Any] | None:
        url = random.choice(self.urls)  # noqa: S311 - no secret
        try:
            answer = await http.post(url + message.path, content=message.body, headers=message.headers)
        except httpx.TransportError:
            self.answers["no answer"] += 1
            return None
        self.answers[answer.status_code] += 1
        if answer.status_code in ACKNOWLEDGED:
            receipt: dict[str, Any] = answer.json()
            return receipt
        assert answer.status_code == AGAIN, answer.text
        return None

    async def assert_nothing_lost(self) -> None:
        """Every acknowledged message is one row, with the receipt's id, and all that belongs to it."""
        releases = {(row["service"], row["version"]): row["id"] for row in await Release.select()}
        proposals = Counter(row["release"] for row in await Proposal.select())
        events = {bytes(row["body"]): row["id"] for row in await Event.select()}
        for message, receipt in self.acknowledged:
            if message.path == "/releases":
                assert releases[receipt["service"], receipt["version"]] == receipt["id"]
                assert proposals[receipt["id"]] == 1
            else:
                assert events[message.body] == receipt["id"]
        assert set(proposals) == set(releases.values())
        assert [row["events"] for row in await Environment.select()] == [len(events)]
