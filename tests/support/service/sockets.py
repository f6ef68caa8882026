"""Requests byte by byte, for what an HTTP client would not do."""

import asyncio
from collections.abc import Awaitable, Callable


async def accepted_post(url: str, path: str, body: bytes, headers: dict[str, str]) -> Callable[[], Awaitable[bytes]]:
    """A POST whose body the ledger has asked for; what this returns sends the body and reads the answer."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = [f"POST {path} HTTP/1.1", "Host: ledger", f"Content-Length: {len(body)}", *lines]
    writer.write("\r\n".join([*head, "Expect: 100-continue", "", ""]).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")

    async def finish() -> bytes:
        writer.write(body)
        answer = await reader.read()  # until the ledger closes the connection
        writer.close()
        return answer

    return finish
