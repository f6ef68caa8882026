"""An error says whose fault it is: the request's, the database's or the ledger's own."""

import asyncio
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import httpx
import pytest

from service.http import limits
from service.ledger.releases import read

from ..support.service.served import Served, served

pytestmark = pytest.mark.anyio


async def answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> httpx.Response:
    """GET /releases, while reading them raises `error`, or ends never."""

    async def newest(*_: object) -> None:
        if error:
            raise error
        await asyncio.Event().wait()

    async with served(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        monkeypatch.setattr(read, "newest", newest)
        return await ledger.http.get("/releases")


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), FileNotFoundError("/etc/x"), PermissionError("x"), ConnectionResetError("x")]
)
async def test_an_error_of_ours_is_not_blamed_on_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    answer = await answered(tmp_path, monkeypatch, error)
    assert answer.status_code == 500
    assert answer.json()["detail"].startswith("This is an error of the ledger, not of the request.")
    assert "retry-after" not in answer.headers


async def test_a_database_that_is_away_is_named_and_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await answered(tmp_path, monkeypatch, asyncpg.CannotConnectNowError("starting up"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["detail"] == "The database cannot be used now."


async def test_an_answer_that_is_not_ready_in_time_says_no_more_than_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ANSWER_SECONDS", 0.1)
    answer = await answered(tmp_path, monkeypatch, None)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["detail"] == "The answer was not ready within 0.1 seconds."


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/releases/orders/1.4.2/wait", "environment: it is missing"),
        ("/releases/orders/1.4.2/wait?environment=dev&seconds=31", "seconds: it must be a whole number, at most 30"),
        ("/releases?limit=0", "limit: it must be a whole number, at least 1"),
        ("/releases?limit=many", "limit: it must be a whole number"),
    ],
)
async def test_a_wrong_parameter_is_named_with_what_is_wanted(ledger: Served, path: str, said: str) -> None:
    assert (await ledger.get(path, 400))["errors"] == [said]
