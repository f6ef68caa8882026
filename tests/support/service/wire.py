"""A way to PostgreSQL that can fall silent."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from .postgres_server import PostgresServer


class Wire:
    """Stands between the ledger and PostgreSQL's socket. While it is not `open` it swallows everything, in both
    directions; it closes at a message that has the text `until`."""

    def __init__(self, folder: Path, server: PostgresServer, until: str | None = None) -> None:
        self.until = until
        self.path, self.behind = folder / ".s.PGSQL.5432", server.folder / ".s.PGSQL.5432"
        self.open = asyncio.Event()
        self.open.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if self.until and self.until.encode() in data:
                    self.open.clear()
                await self.open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.open.wait()
        back, forth = await asyncio.open_unix_connection(self.behind)
        await asyncio.gather(self.carry(reader, forth), self.carry(back, writer))

    @contextlib.asynccontextmanager
    async def up(self) -> AsyncIterator["Wire"]:
        async with await asyncio.start_unix_server(self.connected, self.path):
            yield self
