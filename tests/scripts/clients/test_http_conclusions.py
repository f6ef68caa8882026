"""No answer that says nothing leads to a conclusion: not "absent", not "filed", not "proposed", whatever is asked.

Most of these answers have a body that would be right: only how they are sent says that it counts for nothing.
"""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from scripts.clients import ledger
from scripts.clients.http import Patience
from scripts.clients.ledger import Ledger
from scripts.clients.manifest import CHART_CONFIG
from scripts.clients.registry import Registry
from scripts.errors import Refused
from scripts.forges import rest
from scripts.forges.gitea import Gitea
from scripts.forges.github import GitHub
from scripts.forges.gitlab import GitLab
from tests.support.gitops_repo import waybill
from tests.support.raw_http import OK, chunked, sends, whole
from tests.support.registry_stand_in import Behaviour, answering, says

SOON = Patience(connect=0.5, read=1, whole=3)
DIGEST, HEAD, BRANCH = f"sha256:{'a' * 64}", "c" * 40, "apps/orders"
PULL = {
    "number": 1,
    "html_url": "https://forge.example/acme/fleet/pull/1",
    "state": "open",
    "title": "t",
    "body": "b",
    "merged_at": None,
    "head": {"ref": BRANCH},
    "base": {"ref": "main"},
}
MERGE_REQUEST = {
    "iid": 1,
    "web_url": "https://forge.example/acme/fleet/-/merge_requests/1",
    "state": "opened",
    "title": "t",
    "description": "b",
    "source_branch": BRANCH,
    "target_branch": "main",
    "source_project_id": 1,
    "target_project_id": 1,
    "sha": HEAD,
}
CALLER = {"scopes": ["releases:write"], "service": None, "accepts": [1, 2]}
RECEIPT = {"id": 7, "service": "orders", "version": "1.4.2", "recorded_at": "2026-01-02T03:04:05Z"}
RELEASE = {"service": "orders", "chart": {"version": "1.4.2"}}
MANIFEST = {"schemaVersion": 2, "config": {"mediaType": CHART_CONFIG, "digest": DIGEST}, "layers": []}
Ask = Callable[[str], object]


def of_ledger(ask: Callable[[Ledger], object]) -> Ask:
    return lambda host: ask(Ledger(f"http://{host}", "wb_planted"))


def github(ask: Callable[[GitHub], object]) -> Ask:
    return lambda host: ask(GitHub(f"http://{host}/acme/fleet", "planted"))


def gitea(ask: Callable[[Gitea], object]) -> Ask:
    return lambda host: ask(Gitea(f"http://{host}/acme/fleet", "planted"))


def gitlab(ask: Callable[[GitLab], object]) -> Ask:
    return lambda host: ask(GitLab(f"http://{host}/acme/fleet", "planted"))


def registry(ask: Callable[[Registry, str], object]) -> Ask:
    return lambda host: ask(Registry(patience=SOON), f"{host}/charts/orders")


# What is asked, and a body that answers it.
QUESTIONS: dict[str, tuple[Ask, Any]] = {
    "ledger: what may I": (of_ledger(lambda it: it.caller()), CALLER),
    "ledger: is it filed": (of_ledger(lambda it: it.release("orders", "1.4.2")), RELEASE),
    "ledger: what runs": (of_ledger(lambda it: it.environment("staging")), {"services": []}),
    "ledger: what ran": (of_ledger(lambda it: it.arrivals("staging", "orders")), {"items": []}),
    "ledger: file it": (of_ledger(lambda it: it.file(waybill())), RECEIPT),
    "github: may I": (github(lambda it: it.check()), {}),
    "github: is there one": (github(lambda it: it.find(BRANCH, "main")), []),
    "github: open one": (github(lambda it: it.create(BRANCH, "main", "t", "b")), PULL),
    "github: change it": (github(lambda it: it.update(1, "t", "b")), PULL),
    "github: comment": (github(lambda it: it.comment(1, "c")), {}),
    "github: merge it": (github(lambda it: it.merge(1, HEAD)), PULL | {"mergeable_state": "clean"}),
    "github: take it back": (github(lambda it: it.withdraw(1)), PULL | {"auto_merge": {"a": 1}}),
    "gitea: is there one": (gitea(lambda it: it.find(BRANCH, "main")), PULL),
    "gitea: is there one, listed": (gitea(lambda it: it.find(BRANCH, "release/next")), []),
    "gitea: merge it": (gitea(lambda it: it.merge(1, HEAD)), {}),
    "gitea: take it back": (gitea(lambda it: it.withdraw(1)), {}),
    "gitlab: is there one": (gitlab(lambda it: it.find(BRANCH, "main")), []),
    "gitlab: open one": (gitlab(lambda it: it.create(BRANCH, "main", "t", "b")), MERGE_REQUEST),
    "gitlab: merge it": (gitlab(lambda it: it.merge(1, HEAD)), MERGE_REQUEST | {"detailed_merge_status": "mergeable"}),
    "gitlab: take it back": (gitlab(lambda it: it.withdraw(1)), MERGE_REQUEST),
    "registry: which tags": (registry(lambda it, name: it.tags(name)), {"tags": []}),
    "registry: what is it": (registry(lambda it, name: it.manifest(name, "1.4.2")), MANIFEST),
    "registry: is the image there": (registry(lambda it, name: it.manifests(name, DIGEST)), MANIFEST),
    "registry: its bytes": (registry(lambda it, name: it.blob(name, DIGEST)), {}),
    "registry: may I push": (registry(lambda it, name: it.offer(name)), {}),
}
# A part of an answer, one that was changed on its way, one that is not done, and those that RFC 9110 gives no body.
NOTHING_SAID = [203, 205, 206, 207, 208, 226, 300, 303, 304, 305, 402, 406, 408, 410, 411, 413, 414, 415, 416, 418]
NOTHING_SAID += [
    421,
    423,
    424,
    425,
    426,
    428,
    431,
    444,
    451,
    499,
    501,
    504,
    505,
    506,
    507,
    508,
    510,
    511,
    520,
    530,
    999,
]


def json_says(status: int, body: bytes, **headers: str) -> Behaviour:
    return says(status, body, **({"Content_Type": "application/json", "Retry_After": "60"} | headers))


ANSWERS: dict[str, Callable[[bytes], Behaviour]] = {
    **{str(status): lambda body, status=status: json_says(status, body) for status in NOTHING_SAID},  # type: ignore[misc]
    "404 with a page": lambda _: json_says(404, b"<html>Not here", Content_Type="text/html"),
    "404 with a text": lambda _: json_says(404, b"404 page not found\n"),
    "404 of another API": lambda _: json_says(404, b'["nowhere"]'),
    "404 of a problem": lambda _: says(404, b'"no"', Content_Type="application/problem+json"),
    "a page": lambda _: json_says(200, b"<!doctype html><title>Sign in", Content_Type="text/html"),
    "a page called JSON": lambda _: json_says(201, b"<html>Sign in"),
    "a text": lambda _: json_says(200, b"ok"),
    "half a body": lambda body: json_says(200, body[: len(body) // 2] or b"{"),
    "another character set": lambda body: json_says(200, body.decode().encode("utf-16")),
    "a mark before it": lambda body: json_says(200, b"\xef\xbb\xbf" + body),
    "a length too short": lambda body: sends(OK + b"Content-Length: 1\r\n\r\n" + body),
    "a length in hexadecimal": lambda body: sends(OK + b"Content-Length: 0x2\r\n\r\n" + body),
    "a length without end": lambda body: sends(OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n" + body),
    "no last chunk": lambda body: sends(chunked(b"%x\r\n%b\r\n" % (len(body), body))),
    "a chunk longer than it says": lambda body: sends(chunked(b"1\r\n%b\r\n0\r\n\r\n" % body)),
    "a chunk too large to count": lambda body: sends(chunked(b"f" * 40 + b"\r\n" + body)),
    "a chunk of less than nothing": lambda body: sends(chunked(b"-1\r\n" + body)),
    "trailers without end": lambda _: sends(chunked(b"0\r\n" + b"X: y\r\n" * 100_000)),
    "another protocol": lambda body: sends(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + whole(body)),
    "HTTP/2": lambda _: sends(b"\0\0\6\4\0\0\0\0\0\0\5\0\0\x40\0"),
    "a status of two digits": lambda body: sends(b"HTTP/1.1 99 Odd\r\n\r\n" + body),
    "no HTTP by its name": lambda body: sends(b"ICY 200 OK\r\n\r\n" + body),
    "a reset at once": lambda _: sends(b"", reset=True),
    "a reset in the status": lambda _: sends(OK[:9], reset=True),
    "a reset in the head": lambda _: sends(OK, reset=True),
    "a reset in the body": lambda body: sends(OK + b"Content-Length: 9999\r\n\r\n" + body, reset=True),
    "an end in the head": lambda _: sends(OK),
    "a challenge without a realm": lambda _: says(401, WWW_Authenticate="Bearer realm="),
    "a challenge with half a realm": lambda _: says(401, WWW_Authenticate='Bearer realm="http://127.0.0.1:1/,service='),
    "a challenge of no known kind": lambda _: says(401, WWW_Authenticate="Negotiate"),
}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "PATIENCE", SOON)
    monkeypatch.setattr(rest, "PATIENCE", SOON)
    monkeypatch.setattr("scripts.forges.gitea.time.sleep", lambda _: None)


@pytest.mark.parametrize("answer", ANSWERS)
def test_nothing_is_concluded(answer: str) -> None:
    for question, (ask, body) in QUESTIONS.items():
        with answering(ANSWERS[answer](json.dumps(body).encode())) as host:
            try:
                pytest.fail(f"{question} {ask(host)}")
            except Refused as refused:
                error = refused
        assert error.fault == dict.fromkeys(("github", "gitea", "gitlab"), "forge").get(
            peer := question.partition(":")[0], peer
        )
        assert error.what.endswith(".")
        assert error.remedy.endswith(".")
        assert "\n" not in error.what


def test_no_cookie_is_kept() -> None:
    shown: list[str | None] = []

    def page(request: BaseHTTPRequestHandler) -> None:
        shown.append(request.headers.get("Cookie"))
        link = '</v2/charts/orders/tags/list?last=x>; rel="next"' if len(shown) < 2 else "</x>; rel=prev"
        says(200, b'{"tags": []}', Set_Cookie="session=theirs; Path=/", Link=link)(request)

    with answering(page) as host:
        Registry(patience=SOON).tags(f"{host}/charts/orders")
    assert shown == [None, None]
