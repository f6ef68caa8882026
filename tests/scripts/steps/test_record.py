"""`record`, and what a user is told when the ledger does not take the release: everything else is done and kept."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.builders import Ran, World
from tests.support.registry_stand_in import answering, says
from tests.support.running_ledger import RunningLedger, serving


class Line(NamedTuple):
    """A service whose 0.1.0 is shipped and not filed; a ledger for it, and one of another service."""

    world: World
    ledger: RunningLedger
    other: RunningLedger

    def record(self, url: str, token: str = "") -> Ran:
        return self.world.waybill("record", "--json", env={"WAYBILL_LEDGER": url, "WAYBILL_LEDGER_TOKEN": token})


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, registry: str) -> Iterator[Line]:
    world = World(tmp_path_factory.mktemp("record"), registry)
    world.ship(world.image())
    with (
        serving(world.folder / "ledger", "orders", []) as ledger,
        serving(world.folder / "other", "web", []) as other,
    ):
        yield Line(world, ledger, other)


@pytest.mark.long
def test_without_a_ledger_nothing_is_filed_and_that_is_said(line: Line) -> None:
    ran = line.record("")
    assert ran.code == 0
    assert "record    no ledger is configured; the release is not filed" in ran.stderr


def test_it_is_filed_once(line: Line) -> None:
    first, again = (line.record(line.ledger.url, line.ledger.token) for _ in range(2))
    filed = line.ledger.tells("/releases/orders/0.1.0")
    assert (first.code, again.code) == (0, 0)
    assert f"filed as {filed['receipt']['id']} at {filed['receipt']['recorded_at'][:19]}Z" in first.stderr
    assert f"was filed before as {filed['receipt']['id']} at {filed['receipt']['recorded_at'][:19]}Z" in again.stderr
    assert {key: filed[key] for key in first.json} == first.json


@pytest.mark.parametrize(
    ("token", "what", "remedy"),
    [
        ("", "401: Unauthorized: This request needs a token", "Give WAYBILL_LEDGER_TOKEN a token with the scope"),
        ("wb_wrong", "401: Unauthorized: The token is mistyped", "Give WAYBILL_LEDGER_TOKEN a token with the scope"),
        ("other", "403: Forbidden: This caller may not write for orders", "releases:write for this service"),
    ],
)
def test_a_token_that_may_not_is_refused(line: Line, token: str, what: str, remedy: str) -> None:
    ran = line.record(line.other.url, line.other.token if token == "other" else token)
    assert (ran.code, ran.json["fault"]) == (1, "ledger")
    assert what in ran.json["refused"]
    assert remedy in ran.json["remedy"]
    assert line.other.token not in ran.stdout + ran.stderr


def test_another_release_of_that_version_is_refused_naming_what_differs(line: Line) -> None:
    line.record(line.ledger.url, line.ledger.token)
    path = line.world.checkout / ".waybill" / "orders.json"
    kept = path.read_text()
    digest = json.loads(kept)["images"][0]["digest"]
    path.write_text(kept.replace(digest, f"sha256:{'0' * 64}"))
    ran = line.record(line.ledger.url, line.ledger.token)
    path.write_text(kept)
    assert (ran.code, ran.json["fault"]) == (1, "ledger")
    assert ran.json["refused"].endswith("orders 0.1.0 is already filed, as another release (images.orders.digest).")


@pytest.mark.parametrize("receipt", [b"{}", b'{"id": 7}', b"[]"])
def test_a_receipt_that_is_none_is_refused(line: Line, receipt: bytes) -> None:
    with answering(says(201, receipt)) as host:
        ran = line.record(f"http://{host}", "x")
    assert (ran.code, ran.json["fault"]) == (1, "ledger")
    assert "is no ledger: " in ran.json["refused"]


@pytest.mark.long
def test_ship_is_done_but_for_a_ledger_that_is_down_and_record_completes_it(
    world: World, line: Line, tmp_path: Path
) -> None:
    with serving(tmp_path / "down", "orders", []) as down:
        pass
    image = world.image()
    ran = world.waybill("ship", "--json", "--image", image, env=down.env)
    assert (ran.code, ran.json["fault"]) == (1, "ledger")
    assert f"The ledger at {down.url} does not answer" in ran.json["refused"]
    assert "Everything before this step is done and kept" in ran.json["remedy"]
    assert world.tags().keys() == {"orders-0.1.0"}
    with serving(tmp_path / "up", "orders", []) as up:
        done = world.waybill("record", "--json", env=up.env)
        assert done.code == 0, done.stderr
        assert up.tells("/releases/orders/0.1.0")["gitops"] == done.json["gitops"]
        assert world.waybill("ship", "--image", image, env=up.env).code == 0


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (404, b"", "What answers at {} is no ledger"),
        (200, b"<html>Welcome</html>", "What answers at {} is no ledger"),
        (502, b"", "The ledger answered 502: Bad Gateway"),
        (301, b"", "The ledger answered 301: Moved Permanently"),
    ],
)
def test_what_is_no_ledger_or_not_well_is_said(line: Line, status: int, body: bytes, what: str) -> None:
    with answering(says(status, body)) as host:
        ran = line.record(f"http://{host}", "wb_any")
    assert (ran.code, ran.json["fault"]) == (1, "ledger")
    assert what.format(f"http://{host}") in ran.json["refused"]


def test_a_ledger_before_number_two_is_to_be_deployed_first(line: Line) -> None:
    """It answers 400 to the number, and does not know who calls."""

    def older(request: BaseHTTPRequestHandler) -> None:
        status = 400 if request.command == "POST" else 200 if request.path.startswith("/releases") else 404
        says(status, json.dumps({"status": status}).encode(), Content_Type="application/problem+json")(request)

    with answering(older) as host:
        ran = line.record(f"http://{host}", "wb_any")
    assert (ran.code, ran.json["fault"]) == (1, "ledger")
    assert "The ledger is older than this Waybill" in ran.json["refused"]
    assert "Deploy the ledger first" in ran.json["remedy"]


def test_an_address_that_is_none_is_refused_before_anything_is_done(world: World) -> None:
    ran = world.waybill("ship", "--json", "--image", world.image(), env={"WAYBILL_LEDGER": "ledger.example"})
    assert (ran.code, ran.json["fault"]) == (1, "you")
    assert "ledger" in ran.json["refused"]
    assert world.tags() == {}
