"""A backup is whole while the ledger writes, and a restored ledger knows all that was acknowledged before it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from service.database.lifespan import opened

from ..support.service.replica import command, replica
from ..support.service.writers import Writers

pytestmark = pytest.mark.anyio


@pytest.mark.long
async def test_a_backup_made_under_load_has_everything_that_was_acknowledged(tmp_path: Path) -> None:
    url, copy = f"sqlite:///{tmp_path}/ledger.db", tmp_path / "copies" / "ledger.db"
    copy.parent.mkdir()
    assert command(url, "migrate").code == 0
    token = command(url, "token", "create", "--scope", "releases:write").stdout.strip()
    with replica(url, tmp_path / "log") as ledger:
        writers = Writers([ledger.url], token)
        async with writers.writing():
            await writers.until(100)
            before = list(writers.acknowledged)
            made = command(url, "backup", str(copy))
            await writers.until(20)
    assert made.code == 0, made.stderr
    assert [it.name for it in copy.parent.iterdir()] == ["ledger.db"], "one file, and nothing beside it"
    anew = f"sqlite:///{tmp_path}/anew.db"
    assert command(anew, "restore", str(copy)).code == 0
    async with opened(anew):
        writers.acknowledged = before
        await writers.assert_nothing_lost()


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Of a database that has a token."""
    it = f"sqlite:///{tmp_path}/ledger.db"
    assert command(it, "migrate").code == 0
    assert command(it, "token", "create", "--scope", "read").code == 0
    return it


def test_nothing_is_overwritten(url: str, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("mine")
    refused = command(url, "backup", str(tmp_path / "copy"))
    assert (refused.code, (tmp_path / "copy").read_text()) == (1, "mine")
    assert "exists already" in refused.stderr
    assert command(url, "backup", str(tmp_path / "good")).code == 0
    assert "exists already" in command(url, "restore", str(tmp_path / "good")).stderr
    os.rename(tmp_path / "ledger.db", tmp_path / "old.db")
    (tmp_path / "ledger.db-wal").write_bytes(b"of the old one")
    assert "ledger.db-wal exists already" in command(url, "restore", str(tmp_path / "good")).stderr


def test_what_is_no_database_of_a_ledger_is_refused(url: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("a text" * 1000)
    with closing(sqlite3.connect(tmp_path / "other")) as other:
        other.execute("CREATE TABLE release (id)")
    damaged = tmp_path / "damaged"
    assert command(url, "backup", str(damaged)).code == 0
    content = bytearray(damaged.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xff" * (4096 * 3)
    damaged.write_bytes(content)
    anew = tmp_path / "anew.db"
    for name in ("text", "other", "damaged", "missing"):
        refused = command(f"sqlite:///{anew}", "restore", str(tmp_path / name))
        assert refused.code == 1, name
        assert name in refused.stderr
        assert "Traceback" not in refused.stderr
        assert not anew.exists()


def test_postgresql_is_backed_up_by_its_own_tools(tmp_path: Path) -> None:
    refused = command("postgresql://ledger@host/ledger", "backup", str(tmp_path / "copy"))
    assert refused.code == 1
    assert "pg_dump" in refused.stderr
