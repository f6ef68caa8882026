"""Tokens as the command makes, lists and ends them."""

import time
from pathlib import Path

import pytest

from service.domain.tokens import ALPHABET, generate, is_well_formed

from ..support.service.replica import command, replica


def test_a_token_is_created_shown_once_listed_and_revoked_everywhere_in_time(database_url: str, tmp_path: Path) -> None:
    made = command(database_url, "token", "create", "--scope", "read", "--name", "Ada", "--expires", "2d")
    token = made.stdout.strip()
    assert is_well_formed(token)
    assert token not in made.stderr
    with replica(database_url, tmp_path / "log", READS="token") as ledger, ledger.http() as http:
        http.headers["Authorization"] = f"Bearer {token}"
        assert http.get("/releases").status_code == 200
        listed = command(database_url, "token", "list").stdout
        assert listed.startswith("1\tAda\tread\tany service\texpires ")
        assert token[3:] not in listed
        assert command(database_url, "token", "revoke", "1").code == 0
        revoked = time.monotonic()
        while http.get("/releases").status_code == 200:
            assert time.monotonic() - revoked < 5
            time.sleep(0.1)
    assert command(database_url, "token", "list").stdout.strip().endswith("revoked")
    assert command(database_url, "token", "revoke", "2").code == 1


@pytest.mark.parametrize(
    "args",
    [["--scope", "write"], [], ["--scope", "read", "--expires", "soon"], ["--scope", "read", "--service", "No Name"]],
)
def test_a_token_that_makes_no_sense_is_refused(tmp_path: Path, args: list[str]) -> None:
    refused = command(f"sqlite:///{tmp_path / 'ledger.db'}", "token", "create", *args)
    assert (refused.code, refused.stdout) == (2, "")


def test_each_typing_error_is_seen_without_asking_the_database() -> None:
    token = generate()
    for place in range(3, len(token)):
        for other in ALPHABET:
            assert is_well_formed(token[:place] + other + token[place + 1 :]) == (other == token[place])
    assert not is_well_formed(token + "\n")
