"""Webhooks: what is signed is kept as it came, once; what is not leaves no trace."""

import json
import os
from pathlib import Path
from typing import Any

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
    ("body", "cause"),
    [
        (b"", "not JSON"),
        (b"no JSON", "not JSON"),
        (b"\xff\x00", "not JSON"),
        (b"[" * 100_000, "no event of Flux"),
        (b'{"reason": 5}', "no event of Flux"),
        (b'{"kind": "\\u0000"}', "no event of Flux"),
    ],
)
async def test_a_signed_body_that_is_no_event_is_refused_with_the_remedy_and_counted(
    ledger: Served, body: bytes, cause: str
) -> None:
    """Flux does not send it again, and shows the beginning of the answer."""
    answer = await ledger.say(body)
    assert answer.status_code == 422
    assert answer.json()["detail"] == f"Let a Provider of type generic-hmac post here: the body is {cause}."
    assert await Event.count() == 0
    nothing_else = await ledger.http.get("/environments/staging")
    assert (nothing_else.status_code, cause in nothing_else.json()["detail"]) == (404, True)
    page = await ledger.http.get("/board/environments/staging")
    assert (page.status_code, cause in page.text) == (404, True)
    await ledger.say(event())
    [unread] = (await ledger.get("/environments/staging"))["unread"]
    assert (unread["cause"], unread["bodies"]) == (cause, 1)
    assert cause in (await ledger.http.get("/board/environments/staging")).text


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({"reason": "info"}, "a reason that changes nothing"),  # Flux 2.0 and 2.1
        ({"timestamp": "yesterday"}, "no usable time"),
        ({"metadata": {}, "message": "m"}, "names no version of a chart"),
        ({"involvedObject": {"kind": "Kustomization", "name": "x", "namespace": "y"}}, "about another kind of object"),
        (
            {"involvedObject": {"kind": "HelmRelease", "name": "X y", "namespace": "y"}},
            "no usable name of a HelmRelease",
        ),
    ],
)
async def test_an_event_without_effect_is_taken_and_counted(ledger: Served, more: dict[str, Any], cause: str) -> None:
    assert (await ledger.say(event() | more)).status_code == 201
    answer = await ledger.get("/environments/staging")
    assert (answer["services"], [it["cause"] for it in answer["unread"]]) == ([], [cause])
    assert f'cause="{cause}"' in (await ledger.http.get("/metrics")).text


@pytest.mark.parametrize(
    "more",
    [
        {"timestamp": "2026-03-01T12:00Z"},
        {"metadata": {"revision": "1.4.2", "number": 5}},
        {"involvedObject": {"kind": "HelmRelease", "namespace": "apps", "name": "orders", "resourceVersion": None}},
    ],
)
async def test_what_an_event_lacks_or_has_in_excess_does_not_hide_it(ledger: Served, more: dict[str, Any]) -> None:
    assert (await ledger.say(event() | more)).status_code == 201
    assert len((await ledger.get("/environments/staging"))["services"]) == 1


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
