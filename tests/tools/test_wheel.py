"""The wheel has both halves under their own names, and works when it is installed alone."""

import sqlite3
from pathlib import Path

import pytest

from tests.support.house.files import tracked
from tests.support.installed_wheel import CHECKOUT, build, contents, install, run
from tools.demo.journey import travel

RENAMED = {"scripts": "waybill", "service": "waybill_service", "gitops-templates": "waybill/gitops-templates"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


def test_it_holds_every_file_of_both_halves_and_the_templates(wheel: Path) -> None:
    files = [file.relative_to(CHECKOUT) for file in tracked(CHECKOUT, *(f"{folder}/*" for folder in RENAMED))]
    assert contents(wheel) == {f"{RENAMED[file.parts[0]]}/{'/'.join(file.parts[1:])}" for file in files}


def test_installed_alone_it_does_every_step_of_the_demo(wheel: Path, tmp_path: Path) -> None:
    programs = install(wheel, tmp_path / "venv")
    journey = tmp_path / "journey"
    journey.mkdir()
    with travel(journey, [str(programs / "waybill")], [str(programs / "waybill-service")]) as ledger:
        assert ledger.process.poll() is None
    with sqlite3.connect(journey / "ledger.db") as database:
        assert database.execute("SELECT count(*) FROM release").fetchone() == (1,)
    where = run(programs / "python", "-c", "import waybill, waybill_service; print(waybill.__file__)", cwd=tmp_path)
    assert where.startswith(str(tmp_path / "venv"))
