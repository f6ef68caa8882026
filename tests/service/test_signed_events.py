"""Webhooks: what is signed is kept as it came, once; what is not leaves no trace."""

import json
import os
from pathlib import Path

import pytest

from service.database.tables import Arrival, Environment, Event

from ..support.service.served import KEYS, Served, event, served, signature

pytestmark = pytest.mark.anyio
OLD, NEW = "the-old-key-0123456789", "the-new-key-0123456789"


async def test_a_signed_event_is_kept_as_it_came_and_counts_once(ledger: Served) -> None:
    body = json.dumps(event()).encode() + b"\n "
    first = await ledger.say(body)
    assert first.status_code == 201
    assert set(first.json()) == {"id", "environment", "received_at", "sha256"}
    again = await ledger.say(body)
    assert (again.status_code, again.json()) == (200, first.json())
    [row] = await Event.select()
    assert (row["body"], row["place"]) == (body, "apps/orders")
    [arrival] = await Arrival.select()
    assert (arrival["version"], arrival["basis"]) == ("1.4.2", "event")
    assert (await Environment.select())[0]["events"] == 1


async def test_a_body_belongs_to_the_environment_that_signed_it(ledger: Served) -> None:
    body = json.dumps(event()).encode()
    assert (await ledger.say(body, "staging")).status_code == 201
    assert (await ledger.say(body, "production")).status_code == 201
    crossed = await ledger.http.post(
        "/hooks/flux/staging", content=body, headers={"X-Signature": signature(body, KEYS["production"][0])}
    )
    assert crossed.status_code == 401
    assert await Event.count() == 2


async def test_both_keys_of_a_rotation_are_taken(ledger: Served) -> None:
    for number, key in enumerate(KEYS["production"]):
        body = json.dumps(event(resource_version=number)).encode()
        answer = await ledger.http.post(
            "/hooks/flux/production", content=body, headers={"X-Signature": signature(body, key)}
        )
        assert answer.status_code == 201


@pytest.mark.parametrize(
    "body", [b"", b"no JSON", b"\xff\x00", b"[" * 100_000, b'{"reason": 5}', b'{"kind": "\\u0000"}']
)
async def test_a_signed_body_is_never_refused_for_what_it_says(ledger: Served, body: bytes) -> None:
    assert (await ledger.say(body)).status_code == 201
    [row] = await Event.select()
    assert (row["body"], row["place"]) == (body, None)
    assert await Arrival.count() == 0


async def test_an_unknown_environment_is_answered_as_a_wrong_signature_is(ledger: Served) -> None:
    headers = {"X-Signature": signature(b"{}", "no such key"), "X-Request-Id": "the-same-for-both"}
    known = await ledger.http.post("/hooks/flux/staging", content=b"{}", headers=headers)
    unknown = await ledger.http.post("/hooks/flux/elsewhere", content=b"{}", headers=headers)
    assert known.status_code == unknown.status_code == 401
    assert known.text == unknown.text.replace("elsewhere", "staging")


async def test_without_keys_webhooks_are_not_found_and_the_rest_serves(database_url: str) -> None:
    async with served(database_url, FLUX_KEYS="") as ledger:
        assert (await ledger.say(event())).status_code == 404
        assert (await ledger.http.get("/readyz")).status_code == 200


async def test_keys_change_while_the_ledger_runs(tmp_path: Path) -> None:
    """As a rotation goes: the new key beside the old one, then alone. A slip in between locks nobody out."""
    file = tmp_path / "keys"

    def write(text: str) -> None:
        """As Kubernetes changes a mounted Secret: another file takes the place of the old one."""
        (tmp_path / "next").write_text(text)
        os.replace(tmp_path / "next", file)

    write(json.dumps({"staging": [OLD]}))
    given = {"FLUX_KEYS": "", "FLUX_KEYS_FILE": str(file)}
    async with served(f"sqlite:///{tmp_path / 'ledger.db'}", **given) as ledger:
        number = 0

        async def opens(key: str) -> bool:
            nonlocal number
            number += 1
            body = json.dumps(event(resource_version=number)).encode()
            headers = {"X-Signature": signature(body, key)}
            answer = await ledger.http.post("/hooks/flux/staging", content=body, headers=headers)
            assert answer.status_code in (201, 401)
            return answer.status_code == 201

        assert [await opens(OLD), await opens(NEW)] == [True, False]
        write(json.dumps({"staging": [OLD, NEW]}))
        assert [await opens(OLD), await opens(NEW)] == [True, True]
        for slip in ("", "{", json.dumps({"staging": [NEW, "short"]})):
            write(slip)
            assert [await opens(OLD), await opens(NEW)] == [True, True]
        file.unlink()
        assert await opens(OLD)
        write(json.dumps({"staging": [NEW]}))
        assert [await opens(OLD), await opens(NEW)] == [False, True]
        write(json.dumps({"production": [NEW]}))
        assert not await opens(NEW)
