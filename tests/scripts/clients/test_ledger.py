"""A ledger that does not take a waybill says why, or is told as older than the release tool."""

from http.server import BaseHTTPRequestHandler

import pytest

from scripts.clients.ledger import Ledger
from scripts.errors import Refused
from tests.support.gitops_repo import waybill
from tests.support.registry_stand_in import answering, says

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
        elif knows_callers:
            says(200, CALLER, Content_Type="application/json")(request)
        else:
            says(404, b'{"status": 404}', Content_Type="application/problem+json")(request)

    with answering(behave) as host, pytest.raises(Refused) as refused:
        Ledger(f"http://{host}", "token").file(waybill())
    assert refused.value.what == what
    assert refused.value.remedy.startswith(remedy)
