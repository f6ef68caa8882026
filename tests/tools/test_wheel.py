"""The wheel has both halves under their own names, and works when it is installed alone."""

import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.support.house.files import tracked
from tests.support.installed_wheel import CHECKOUT, build, contents, install, locked, run
from tools.demo.journey import travel

RENAMED = {"scripts": "waybill", "service": "waybill_service", "gitops-templates": "waybill/gitops-templates"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


def test_it_holds_every_file_of_both_halves_and_the_templates(wheel: Path) -> None:
    files = [file.relative_to(CHECKOUT) for file in tracked(CHECKOUT, *(f"{folder}/*" for folder in RENAMED))]
    assert contents(wheel) == {f"{RENAMED[file.parts[0]]}/{'/'.join(file.parts[1:])}" for file in files}


def test_installed_alone_it_does_every_step_of_the_demo(wheel: Path, tmp_path: Path) -> None:
    programs = install(wheel, tmp_path / "venv", "run.txt")
    journey = tmp_path / "journey"
    journey.mkdir()
    with travel(journey, [str(programs / "waybill")], [str(programs / "waybill-service")]) as ledger:
        assert ledger.process.poll() is None
    with sqlite3.connect(journey / "ledger.db") as database:
        assert database.execute("SELECT count(*) FROM release").fetchone() == (1,)
    where = run(programs / "python", "-c", "import waybill, waybill_service; print(waybill.__file__)", cwd=tmp_path)
    assert where.startswith(str(tmp_path / "venv"))


def test_the_release_tool_needs_few_packages_and_no_ledger(wheel: Path, tmp_path: Path) -> None:
    programs = install(wheel, tmp_path / "venv", "tool.txt")
    assert "ship" in run(programs / "waybill", "--help", cwd=tmp_path)
    assert run(programs / "waybill", "--version", cwd=tmp_path).startswith("waybill, version ")
    packages = [*locked("tool.txt")]
    assert len(packages) < 17  # Waybill itself is one more
    python = programs / "python"
    (site,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    halves = [site / "waybill", site / "waybill_service"]
    run(python, "-m", "compileall", "-q", *halves)  # as pip does, which compiled the others
    files = [Path(str(it.locate_file(file))) for it in packages for file in it.files or ()]
    files += [file for half in halves for file in half.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 20_000_000


@pytest.mark.parametrize("command", ["serve", "migrate", "observe", "token"])
def test_the_ledger_names_the_extra_that_is_missing(wheel: Path, tmp_path: Path, command: str) -> None:
    programs = install(wheel, tmp_path / "venv", "tool.txt")
    done = subprocess.run([programs / "waybill-service", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: only the packages of `waybill` are installed, not the ledger's: pip install 'waybill-ledger[service]'\n"
    )
