"""Whatever ledger and forge answer: a success, or a refusal with whose fault, cause and remedy, soon, and in few bytes.
What registries answer: test_registry_answers.py."""

import gzip
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from scripts.clients import ledger
from scripts.clients.http import Patience
from scripts.clients.ledger import Ledger
from scripts.errors import Refused
from scripts.forges import rest
from scripts.forges.gitea import Gitea
from scripts.forges.github import GitHub
from tests.support.registry_stand_in import (
    Behaviour,
    answering,
    drips,
    hangs_up,
    never_ends,
    says,
    silence,
    speaks_no_http,
)

SOON = Patience(connect=0.5, read=1, whole=3)
PEERS: dict[str, Callable[[str], object]] = {
    "ledger": lambda origin: Ledger(origin, "wb_planted").release("orders", "1.0.0"),
    "forge": lambda origin: GitHub(f"{origin}/acme/fleet", "planted").find("apps/orders", "main"),
}


def raw(data: bytes) -> Behaviour:
    def behave(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(data)
        request.close_connection = True

    return behave


def forever(data: bytes) -> Behaviour:
    """Begins an answer with `data`, over and over, for longer than anyone waits: the one who gave up still reads it."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        until = time.monotonic() + SOON.whole + 1
        while time.monotonic() < until:
            request.wfile.write(data * 1000)
        request.close_connection = True

    return behave


BOMB = gzip.compress(gzip.compress(bytes(2**24)))
OK = b"HTTP/1.1 200 OK\r\n"
AGAIN = "run the same command again"
ADDRESS = "in waybill.toml"
TOKEN = "Give WAYBILL_"
ANSWERS: dict[str, tuple[Behaviour, str, str]] = {
    "301": (says(301, Location="https://elsewhere.example/"), "301", ADDRESS),
    "301 to itself": (says(301, Location="/"), "301", ADDRESS),
    "302 without a place": (says(302), "302", ADDRESS),
    "400": (says(400), "400", "Correct what it names"),
    "401": (says(401), "401", TOKEN),
    "403": (says(403), "403", TOKEN),
    "403 with a login page": (says(403, b"<html>Sign in"), "403", TOKEN),
    "404 of a proxy": (says(404, b"<html>Not here"), "", ADDRESS),
    "407": (says(407), "407 Proxy Authentication Required", AGAIN),
    "429": (says(429, Retry_After="3600"), "429", AGAIN),
    "500": (says(500), "500", AGAIN),
    "502 of a proxy": (says(502, b"<html>"), "502", AGAIN),
    "503": (says(503), "503", AGAIN),
    "a status that nobody knows": (says(599), "599", AGAIN),
    "no content": (says(204), "", ADDRESS),
    "a login page": (says(200, b"<html>Sign in"), "", ADDRESS),
    "null": (says(200, b"null"), "", ADDRESS),
    "a number": (says(200, b"1"), "", ADDRESS),
    "bytes": (says(200, b"\x00\xff"), "", ADDRESS),
    "half a character": (says(200, b'"\\ud800"'), "", ADDRESS),
    "nested deep": (says(200, b"[" * 100_000), "", ADDRESS),
    "an error that is nested deep": (says(500, b'{"a":' * 100_000), "500", AGAIN),
    "an error of another shape": (says(422, b'{"message": [1], "errors": {"a": 1}, "title": {}}'), "422", "Correct"),
    "compressed twice, and never asked to": (says(200, BOMB, Content_Encoding="gzip, gzip"), "", ADDRESS),
    "more bytes than the limit": (never_ends, "16,777,216 bytes", AGAIN),
    "headers without end": (forever(b"X: y\r\n"), "as HTTP servers do", AGAIN),
    "a header without end": (raw(OK + b"X: " + b"y" * 200_000), "as HTTP servers do", AGAIN),
    "interim answers without end": (forever(b"HTTP/1.1 100 Continue\r\n\r\n"), "did not finish within 3 s", AGAIN),
    "a header of control characters": (raw(OK + b"X: \x00\x1b\r\n\r\n"), "as HTTP servers do", AGAIN),
    "a header folded over lines": (raw(OK + b" X: y\r\n\r\n"), "as HTTP servers do", AGAIN),
    "two lengths": (raw(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n12"), "as HTTP servers do", AGAIN),
    "a length that is no number": (raw(OK + b"Content-Length: -1\r\n\r\n"), "as HTTP servers do", AGAIN),
    "fewer bytes than promised": (raw(OK + b"Content-Length: 99\r\n\r\n{}"), "as HTTP servers do", AGAIN),
    "a chunk that is none": (raw(OK + b"Transfer-Encoding: chunked\r\n\r\nx\r\n"), "as HTTP servers do", AGAIN),
    "an encoding that nobody knows": (raw(OK + b"Transfer-Encoding: magic\r\n\r\nx"), "as HTTP servers do", AGAIN),
    "no HTTP": (speaks_no_http, "as HTTP servers do", AGAIN),
    "nothing": (hangs_up, "as HTTP servers do", AGAIN),
    "silence": (silence, "does not answer in time", AGAIN),
    "a byte now and then": (drips, "did not finish within 3 s", AGAIN),
}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "PATIENCE", SOON)
    monkeypatch.setattr(rest, "PATIENCE", SOON)


def refusal(peer: str, origin: str) -> Refused:
    with pytest.raises(Refused) as error:
        PEERS[peer](origin)
    return error.value


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_is_none_is_refused(answer: str, peer: str) -> None:
    behaviour, cause, remedy = ANSWERS[answer]
    before = time.monotonic()
    with answering(behaviour) as host:
        error = refusal(peer, f"http://{host}")
    assert time.monotonic() - before < 5 * SOON.whole
    assert cause in error.what
    assert host in error.what or error.what.startswith("The ledger answered")
    assert remedy.lower() in error.remedy.lower()
    assert error.fault == peer


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(
    ("origin", "cause"),
    [
        ("http://0.0.0.0:1", "sent unencrypted"),
        ("http://127.0.0.1.example:1", "sent unencrypted"),
        ("http://127.0.0.1:0", "no address"),
        ("http://127.0.0.1:99999", "no address"),
        ("http://[::1", "no address"),
        ("https://a..b", "no address"),
        (f"https://{'a' * 64}.example", "no address"),
        ("http://127.0.0.1:1", "Connection refused"),
        ("http://[::1]:1", "cannot be reached"),
    ],
)
def test_an_address_that_cannot_be_asked_is_refused(origin: str, cause: str, peer: str) -> None:
    error = refusal(peer, origin)
    assert cause in error.what
    assert error.fault == ("you" if cause in ("sent unencrypted", "no address") else peer)
    assert error.remedy


def test_a_password_in_an_address_is_neither_sent_nor_shown() -> None:
    error = refusal("ledger", "https://ada:planted-passw0rd@ledger.example")
    assert "planted" not in error.what + error.remedy
    assert error.fault == "you"


@pytest.mark.parametrize("token", ["a\nb", "tök", "a\0", "a\x7f", "a\r\nX-Evil: 1", "'\u202e'", "a\udc80"])
def test_a_token_that_no_header_can_hold_is_refused(token: str) -> None:
    here = "http://127.0.0.1:1"
    for ask in (
        lambda: Ledger(here, token).environment("staging"),
        lambda: GitHub(f"{here}/acme/fleet", token).find("apps/orders", "main"),
    ):
        with pytest.raises(Refused, match="cannot be sent") as error:
            ask()
        assert error.value.fault == "you"
        assert "the token alone" in error.value.remedy


class Server:
    """Answers with `answers`, one after another, then with the last one; counts what came."""

    def __init__(self, *answers: Behaviour) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        request.rfile.read(length)
        self.asked += 1
        (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(request)


@pytest.mark.parametrize(
    ("retry_after", "asked"),
    [
        ("0", 3),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 3),
        ("60", 1),
        ("9" * 5000, 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 1),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_to_wait_is_asked_again_for_a_while(
    monkeypatch: pytest.MonkeyPatch, status: int, retry_after: str, asked: int
) -> None:
    # Longer, so that a busy machine does not reach the time limit first; less than a minute, which is not waited for.
    monkeypatch.setattr("scripts.clients.ledger.PATIENCE", Patience(connect=50, read=50, whole=50))
    busy = says(status, Retry_After=retry_after)
    release = {"service": "orders", "chart": {"version": "1.0.0"}}
    for answers, fine in (((busy, busy, says(200, json.dumps(release).encode())), asked == 3), ((busy,), False)):
        server = Server(*answers)
        with answering(server) as host:
            if fine:
                assert PEERS["ledger"](f"http://{host}") == release
            else:
                assert str(status) in refusal("ledger", f"http://{host}").what
        assert server.asked == asked


def test_what_must_not_happen_twice_is_asked_once() -> None:
    server = Server(says(503, Retry_After="0"))
    with answering(server) as host, pytest.raises(Refused, match="503"):
        GitHub(f"http://{host}/acme/fleet", "planted").comment(1, "Look.")
    assert server.asked == 1


def test_a_list_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "scripts.forges.rest.PAGES", 9
    )  # fewer, so that a busy machine does not reach the time limit first
    pull = b'{"number": 1, "html_url": "http://f.example/1", "state": "open", "title": "t", "body": "", '
    pull += b'"merged_at": null, '
    server = Server(says(200, b"[" + pull + b'"head": {"ref": "x"}, "base": {"ref": "main"}}]'))
    with answering(server) as host, pytest.raises(Refused, match="goes on after 9 pages") as error:
        Gitea(f"http://{host}/acme/fleet", "planted").find("apps/orders", "release/next")
    assert server.asked == 9
    assert error.value.fault == "forge"


def test_what_others_wrote_is_one_short_line() -> None:
    body = b'{"title": "a\\nb", "detail": "' + b"x" * 9000 + b'", "message": "a\\nb' + b"x" * 9000 + b'"}'
    for peer in PEERS:
        with answering(says(422, body)) as host:
            error = refusal(peer, f"http://{host}")
        assert "\n" not in error.what
        assert len(error.what) < 700
