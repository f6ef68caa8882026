"""Data flows one way: which part may know which."""

from pathlib import Path

import pytest

from tests.support.house.imports import against_the_layers, of_distributions

CHECKOUT = Path(__file__).resolve().parents[2]
SERVICE, SCRIPTS = CHECKOUT / "service", CHECKOUT / "scripts"

# From top to bottom: a part imports parts below it, never one beside or above it.
SERVICE_LAYERS = [
    {"__main__"},
    {"tokens"},
    {"command"},
    {"app", "observer"},
    {"api", "pages"},
    {"auth", "http"},
    {"settings"},
    {"ledger"},
    {"domain", "database"},
    {"errors"},
]
SCRIPTS_LAYERS = [
    {"__main__"},
    {"commands"},
    {"ship", "plan", "promote", "rollback", "records", "ask", "adopt", "connect", "init", "doctor"},
    {"proposals", "checks", "marker"},
    {"session"},
    {"steps"},
    {"proposal", "releases"},
    {"diff"},
    {"gitops", "forges", "source"},
    {"chart", "keys"},
    {"config", "report"},
    {"environments"},
    {"stages"},
    {"settings", "ci", "workflow", "terminal"},
    {"setting_errors", "setting_texts"},
    {"image", "clients"},
    {"document", "addresses"},
    {"yaml", "toml", "folder", "once"},
    {"errors"},
]
EITHER_HALF = {"scripts", "service", "waybill", "waybill_service"}
A_STEP = frozenset({"steps"})


def test_the_service_imports_downwards() -> None:
    assert list(against_the_layers(SERVICE, SERVICE_LAYERS)) == []


def test_the_release_tool_imports_downwards_and_no_step_imports_a_step() -> None:
    assert list(against_the_layers(SCRIPTS, SCRIPTS_LAYERS, apart=A_STEP)) == []


@pytest.mark.parametrize("half", [SERVICE, SCRIPTS], ids=lambda half: half.name)
def test_no_half_imports_the_other_or_names_its_own_package(half: Path) -> None:
    assert list(of_distributions(half, EITHER_HALF)) == []


def test_the_domain_knows_no_framework() -> None:
    assert list(of_distributions(SERVICE / "domain", {"litestar", "piccolo", "uvicorn", "httpx"})) == []


def test_only_the_web_side_knows_litestar() -> None:
    for part in ("ledger", "database"):
        assert list(of_distributions(SERVICE / part, {"litestar"})) == []


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("steps/bump.py", "from .package import x", "steps/bump.py:1: imports .steps.package, which is as high"),
        ("steps/bump.py", "from . import package", "steps/bump.py:1: imports .steps.package, which is as high"),
        (
            "clients/git.py",
            "from ..steps.bump import x",
            "clients/git.py:1: imports .steps.bump, which is not below it",
        ),
        ("clients/git.py", "from ..forges import x", "clients/git.py:1: imports .forges, which is not below it"),
        ("clients/git.py", "\nfrom .. import ship", "clients/git.py:2: imports .ship, which is not below it"),
        ("stray.py", "", "stray.py: no layer names stray; say where it belongs"),
    ],
)
def test_an_import_upwards_is_noticed(tmp_path: Path, file: str, text: str, complaint: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    assert list(against_the_layers(tmp_path, SCRIPTS_LAYERS, apart=A_STEP)) == [complaint]


def test_an_import_downwards_is_fine(tmp_path: Path) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "bump.py").write_text(
        "import json\nfrom ..errors import Refused\nfrom ..clients.git import Git"
    )
    assert list(against_the_layers(tmp_path, SCRIPTS_LAYERS, apart=A_STEP)) == []


@pytest.mark.parametrize("text", ["import service.app", "def f():\n    from service import app", "import waybill"])
def test_an_import_of_a_half_by_its_name_is_noticed(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.py").write_text(text)
    assert len(list(of_distributions(tmp_path, EITHER_HALF))) == 1
