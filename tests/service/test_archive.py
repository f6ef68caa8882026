"""An archive moves bodies of old events into files: every answer stays, and nothing is lost, whenever it is ended."""

import asyncio
import gzip
import hashlib
import json
import random
import re
import shutil
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.database import vacuum
from service.database.piccolo_conf import Engine
from service.database.tables import Event
from service.ledger.events import take as events
from service.ledger.events import take_snapshot as snapshots
from service.ledger.events.archive import archive as archive_bodies
from service.ledger.events.rebuild import rebuild
from service.ledger.progress import silence
from tests.support import forked
from tests.support.builders import TOP, Ran

from ..support.service.replica import command, settings
from ..support.service.served import Served, document, event, served
from ..support.service.sizes import size
from ..support.service.snapshots import deployed, snapshot

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW = 60, 20  # events, a minute apart
LATER = NOON + timedelta(minutes=OLD)
REASONS = (
    "UpgradeSucceeded",
    "UpgradeFailed",
    "TestFailed",
    "DriftDetected",
    "RollbackSucceeded",
    "DependencyNotReady",
)
KILLS = size(6, 60)
CLOCK = re.compile("(Last report|<p id=.fresh.>).*")  # as of now


def body_of(number: int) -> bytes:
    """With much that no answer needs, as Helm's log in the message, and something else each time."""
    log = random.Random(number).randbytes(2_000 + 40 * number).hex()  # noqa: S311 - no secret
    said = event(REASONS[number % len(REASONS)], f"1.{number // 3}.0", at=NOON + timedelta(minutes=number))
    said["involvedObject"]["resourceVersion"] = str(number + 1)
    said["message"] += f"\n\nLast Helm logs:\n\n{log}"
    said["metadata"] |= {"image": f"ghcr.io/acme/orders@sha256:{number:064x}", "other": log[:500]}
    return json.dumps(said).encode()


async def fill() -> None:
    """Event by event, at the time that each tells."""
    for number in range(OLD + NEW):
        await events.take(events.Signed("staging", body_of(number), NOON + timedelta(minutes=number, seconds=1)))
    other = event(at=NOON, message="x" * 3_000)
    other["involvedObject"]["kind"] = "Kustomization"
    await events.take(events.Signed("staging", json.dumps(other).encode(), NOON))
    await snapshots.take(events.Signed("staging", snapshot(deployed("1.0.0", NOON), taken=NOON), NOON))


async def answers(ledger: Served) -> list[Any]:
    found = []
    for path in ("/environments/staging", "/environments/staging/arrivals?limit=100", "/services/orders?limit=100"):
        found.append(await ledger.get(path))
    found.append(await ledger.get("/history?environment=staging&limit=200"))
    found[0].pop("at")
    for minutes in (0, 7, 31, OLD + 3):
        at = NOON + timedelta(minutes=minutes)
        found.append(await ledger.get(f"/environments/staging?at={at:%Y-%m-%dT%H:%M:%SZ}"))
        page = await ledger.http.get(f"/board/environments/staging?at={at:%Y-%m-%dT%H:%M:%S}")
        found.append((page.status_code, CLOCK.sub("", page.text)))
    for number in (6, 42):
        found.append(await ledger.get(f"/digests/sha256:{number:064x}"))
    return found


async def bodies() -> dict[str, bytes]:
    return {it["sha256"]: bytes(it["body"]) for it in await Event.select(Event.sha256, Event.body)}


def size_of(url: str) -> int:
    path = url.removeprefix("sqlite:///")
    return sum(Path(it).stat().st_size for it in (path, f"{path}-wal"))


def archive(url: str, folder: Path, before: datetime = LATER) -> Ran:
    return command(url, "archive", "--before", f"{before:%Y-%m-%dT%H:%M:%SZ}", str(folder))


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[Served]:
    async with served(database_url) as it:
        await it.file(document("orders", "1.4.2"))
        await fill()
        yield it


@pytest.mark.long
async def test_every_answer_stays_and_what_is_sent_again_is_known(
    ledger: Served, database_url: str, tmp_path: Path
) -> None:
    before, whole = await answers(ledger), await bodies()
    ran = archive(database_url, tmp_path / "old")
    assert ran.code == 0, ran.stderr
    assert f"{OLD + 1} bodies" in ran.stderr
    left = await bodies()
    assert left.keys() == whole.keys()
    assert sum(map(len, left.values())) < sum(map(len, whole.values())) / 2
    assert sum(left[it] == whole[it] for it in whole) == NEW + 1, "and of a snapshot nothing but its hash was kept"
    assert await answers(ledger) == before
    assert await rebuild() == 1
    assert await answers(ledger) == before
    for number in (0, OLD - 1):
        again = await events.take(events.Signed("staging", body_of(number), datetime.now(UTC)))
        assert not again.new
    # What is told late is put between what was archived.
    late = event("UpgradeSucceeded", "7.7.7", at=NOON + timedelta(minutes=31, seconds=30), resource_version=32)
    assert (await ledger.say(late)).status_code == 201
    assert "7.7.7" in json.dumps(await ledger.get("/environments/staging/arrivals?limit=100"))


@pytest.mark.long
async def test_restore_takes_everything_back(ledger: Served, database_url: str, tmp_path: Path) -> None:
    before, whole = await answers(ledger), await bodies()
    assert archive(database_url, tmp_path / "old", NOON + timedelta(minutes=OLD / 2)).code == 0
    first = await bodies()
    assert archive(database_url, tmp_path / "old").code == 0
    assert await bodies() != first
    assert len(list((tmp_path / "old").iterdir())) == 2
    assert archive(database_url, tmp_path / "old").code == 0
    assert len(list((tmp_path / "old").iterdir())) == 2, "the same again moves nothing"
    for _ in range(2):
        ran = command(database_url, "restore", str(tmp_path / "old"))
        assert ran.code == 0, ran.stderr
        assert await bodies() == whole
    assert await answers(ledger) == before


@pytest.mark.long
async def test_a_file_that_is_damaged_or_of_another_ledger_changes_nothing(
    ledger: Served, database_url: str, tmp_path: Path
) -> None:
    assert archive(database_url, tmp_path / "old").code == 0
    left = await bodies()
    [file] = (tmp_path / "old").iterdir()
    content = gzip.decompress(file.read_bytes())
    broken = tmp_path / "broken.events.gz"
    wrong = {
        "cut": file.read_bytes()[:-100],
        "flipped": gzip.compress(content.replace(b"Helm logs", b"Helm lags", 1)),
        "compressed wrongly": file.read_bytes()[:500] + b"\xff" * 500 + file.read_bytes()[1000:],
        "another file": gzip.compress(b"a text\n"),
        "no gzip": b"a text\n",
        "empty": b"",
    }
    for name, bytes_ in wrong.items():
        broken.write_bytes(bytes_)
        ran = command(database_url, "restore", str(broken))
        assert (ran.code, "Traceback" in ran.stderr) == (1, False), (name, ran.stderr)
        assert str(broken) in ran.stderr
    ran = command(database_url, "restore", str(tmp_path / "missing"))
    assert (ran.code, ran.stderr) == (1, f"Error: There is no file {tmp_path / 'missing'}, nor an archive.\n")
    await Event.delete().where(Event.sha256 == hashlib.sha256(body_of(0)).hexdigest())
    ran = command(database_url, "restore", str(tmp_path / "old"))
    assert (ran.code, "another database" in ran.stderr) == (1, True)
    assert (await bodies()).items() <= left.items()


@pytest.mark.long
async def test_ended_anywhere_it_loses_nothing(
    database: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL at some moment, and once more from the beginning: each body is in the database, or whole in a file."""
    await fill()
    whole, folder = await bodies(), tmp_path / "old"
    args = ["archive", "--before", f"{LATER:%Y-%m-%dT%H:%M:%SZ}", str(folder)]
    command(database_url, "--help")  # the first command waits for all imports
    began = time.monotonic()
    assert archive(database_url, tmp_path / "measured").code == 0
    took = time.monotonic() - began
    assert command(database_url, "restore", str(tmp_path / "measured")).code == 0
    killed = 0
    for kill in range(KILLS):
        log = tmp_path / "log"
        log.unlink(missing_ok=True)
        process = forked.start("service", args, TOP, settings(database_url), log, log)
        await asyncio.sleep(random.random() * took)  # noqa: S311 - no secret
        process.kill()
        process.wait()
        killed += process.returncode != 0
        left = await bodies()
        assert left.keys() == whole.keys()
        shutil.copytree(folder, tmp_path / f"{kill}") if folder.exists() else (tmp_path / f"{kill}").mkdir()
        moved = {sha256 for sha256 in whole if left[sha256] != whole[sha256]}
        if moved:
            assert command(database_url, "restore", str(tmp_path / f"{kill}")).code == 0
            assert await bodies() == whole
    assert killed
    assert archive(database_url, folder).code == 0
    assert not [it for it in folder.iterdir() if it.name.endswith(".unfinished")]
    assert command(database_url, "restore", str(folder)).code == 0
    assert await bodies() == whole


async def test_a_folder_without_room_changes_nothing(ledger: Served, database_url: str, tmp_path: Path) -> None:
    whole = await bodies()
    (tmp_path / "file").write_text("mine")
    ran = archive(database_url, tmp_path / "file")
    assert (ran.code, "Traceback" in ran.stderr, (tmp_path / "file").read_text()) == (1, False, "mine")
    assert await bodies() == whole
    assert command(database_url, "archive", "--before", "yesterday", str(tmp_path / "old")).code == 2
    assert not (tmp_path / "old").exists()


@pytest.mark.parametrize("room", [True, False], ids=["a disk with room", "a full disk"])
@pytest.mark.parametrize("backend", [pytest.param("sqlite", marks=pytest.mark.sqlite)])
async def test_the_disk_gets_its_room_back(
    ledger: Served, database_url: str, tmp_path: Path, room: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = size_of(database_url)
    if room:
        assert archive(database_url, tmp_path / "old").code == 0
    else:
        await archive_bodies(LATER, tmp_path / "old", silence)
        monkeypatch.setattr(vacuum, "_room", lambda _: 0)
        done = vacuum.vacuum(Path(database_url.removeprefix("sqlite:///")))
        assert done.freed > 0
        assert (done.is_anew, done.is_read) == (False, False)
    assert size_of(database_url) < before / 2
    assert (await ledger.http.get("/readyz")).status_code == 200
    assert (await ledger.say(event(resource_version=1_000))).status_code == 201
