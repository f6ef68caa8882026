"""What answers may be an older ledger, or have lists without end: that is said, and asking ends."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.support import forked
from tests.support.builders import Ran
from tests.support.registry_stand_in import Behaviour, answering, says

EMPTY = says(200, b'{"items": []}', Content_Type="application/json")
NOT_FOUND = says(404, b'{"status": 404, "title": "Not Found"}', Content_Type="application/problem+json")


def asked(behave: Behaviour, folder: Path, *args: str) -> Ran:
    with answering(behave) as host:
        return Ran(*forked.run("scripts", args, folder, {"WAYBILL_LEDGER": f"http://{host}"}))


def test_one_that_cannot_wait_is_told_as_older(tmp_path: Path) -> None:
    def behave(request: BaseHTTPRequestHandler) -> None:
        (EMPTY if request.path.startswith("/releases?") else NOT_FOUND)(request)

    ran = asked(behave, tmp_path, "wait", "orders", "1.0.0", "-e", "staging")
    assert ran.code == 2
    assert "The ledger is older than this Waybill: it does not know how to wait." in ran.stderr


def test_one_that_knows_no_figures_is_told_as_older(tmp_path: Path) -> None:
    def behave(request: BaseHTTPRequestHandler) -> None:
        (EMPTY if request.path.startswith("/releases?") else NOT_FOUND)(request)

    ran = asked(behave, tmp_path, "figures")
    assert ran.code == 2
    assert "The ledger is older than this Waybill: it knows no figures." in ran.stderr


def test_one_that_knows_whole_names_alone_is_told_as_older(tmp_path: Path) -> None:
    def behave(request: BaseHTTPRequestHandler) -> None:
        (EMPTY if request.path.startswith("/releases?") else NOT_FOUND)(request)

    ran = asked(behave, tmp_path, "where", "beef")
    assert ran.code == 2
    assert "The ledger is older than this Waybill: it knows whole digests and commits alone." in ran.stderr


def test_a_list_without_end_is_given_up(tmp_path: Path) -> None:
    body = json.dumps({"items": [], "next": "again"}).encode()
    ran = asked(says(200, body, Content_Type="application/json"), tmp_path, "history", "--limit", "9")
    assert ran.code == 2
    assert "The ledger's list has more than 200 pages." in ran.stderr
