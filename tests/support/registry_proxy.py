"""A real registry behind something that meddles with it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

import httpx

from tests.support.registry_stand_in import answering, says

HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "date", "server"}


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Answered(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[[Asked], Answered]
Meddle = Callable[[Asked, Ask], Answered]


def meddling(registry: str, meddle: Meddle) -> AbstractContextManager[str]:
    """`127.0.0.1:PORT` that answers what `meddle` makes of a request; it may ask the registry itself."""

    def ask(it: Asked) -> Answered:
        answer = httpx.request(it.method, f"http://{registry}{it.path}", headers=it.headers, content=it.body)
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
        return Answered(answer.status_code, headers, answer.content)

    def behave(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        status, sent, content = meddle(Asked(request.command, request.path, headers, body), ask)
        says(status, content, **sent)(request)

    return answering(behave)
