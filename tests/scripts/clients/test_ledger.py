"""A ledger that does not take a waybill says why, or is told as older than the release tool."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from scripts.clients.ledger import Ledger
from scripts.errors import Refused
from tests.support.gitops_repo import waybill
from tests.support.registry_stand_in import Behaviour, answering, says

RECEIPT = {"id": 7, "service": "orders", "version": "1.4.2", "recorded_at": "2026-01-02T03:04:05Z", "sha256": "0"}
PROBLEM = "application/problem+json"
NOT_FOUND = says(404, b'{"type": "about:blank", "title": "Not Found", "status": 404}', Content_Type=PROBLEM)
NO_WAYBILL = b'{"status": 400, "title": "Bad Request", "detail": "The body is not a valid waybill: tag is missing."}'
CALLER = b'{"name": "ci", "scopes": ["releases:write"], "service": null, "accepts": [1, 2]}'


@pytest.mark.parametrize(
    ("knows_callers", "what", "remedy"),
    [
        (False, "The ledger is older than this Waybill: it takes no waybill of number 2.", "Deploy the ledger first"),
        (True, "The ledger answered 400: Bad Request: The body is not a valid waybill: tag is missing.", ""),
    ],
)
def test_a_waybill_that_is_not_taken_is_refused_with_the_cause(knows_callers: bool, what: str, remedy: str) -> None:
    def behave(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers.get("Content-Length", 0)))
        if request.command == "POST":
            says(400, NO_WAYBILL, Content_Type="application/problem+json")(request)
        elif request.path.startswith("/releases"):
            says(200, b'{"items": []}', Content_Type="application/json")(request)
        elif knows_callers:
            says(200, CALLER, Content_Type="application/json")(request)
        else:
            says(404, b'{"status": 404}', Content_Type="application/problem+json")(request)

    with answering(behave) as host, pytest.raises(Refused) as refused:
        Ledger(f"http://{host}", "token").file(waybill())
    assert refused.value.what == what
    assert refused.value.remedy.startswith(remedy)


@pytest.mark.parametrize(("field", "other"), [("service", "web"), ("version", "1.4.3"), ("service", None)])
def test_a_receipt_of_another_release_is_none(field: str, other: object) -> None:
    with answering(reads_first(says(201, json.dumps(RECEIPT).encode()))) as host:
        assert Ledger(f"http://{host}", "token").file(waybill()) == (True, RECEIPT)
    with (
        answering(reads_first(says(200, json.dumps(RECEIPT | {field: other}).encode()))) as host,
        pytest.raises(Refused, match="its receipt is of another release"),
    ):
        Ledger(f"http://{host}", "token").file(waybill())


@pytest.mark.parametrize("said", [{"service": "web"}, {"chart": {"version": "1.4.3"}}, {"chart": None}])
def test_another_release_than_was_asked_for_is_none(said: dict[str, object]) -> None:
    body = {"service": "orders", "chart": {"version": "1.4.2"}} | said
    with answering(says(200, json.dumps(body).encode())) as host, pytest.raises(Refused, match="with another release"):
        Ledger(f"http://{host}", "token").release("orders", "1.4.2")


@pytest.mark.parametrize(
    "ask",
    [
        lambda ledger: ledger.caller(),
        lambda ledger: ledger.environment("staging"),
        lambda ledger: ledger.arrivals("staging", "orders"),
    ],
)
def test_an_address_below_which_nothing_is_found_is_no_ledgers(ask: Callable[[Ledger], object]) -> None:
    """As of a ledger behind a path that the setting lacks, or of another program with problems of the same form."""
    with answering(NOT_FOUND) as host, pytest.raises(Refused, match="is no ledger: it has no releases below") as error:
        ask(Ledger(f"http://{host}", "token"))
    assert "Correct `ledger`" in error.value.remedy

    def behave(request: BaseHTTPRequestHandler) -> None:
        (says(403, b"{}") if request.path.startswith("/releases") else NOT_FOUND)(request)

    with answering(behave) as host:
        assert ask(Ledger(f"http://{host}", "token")) is None


def reads_first(behave: Behaviour) -> Behaviour:
    def read(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers.get("Content-Length", 0)))
        behave(request)

    return read
