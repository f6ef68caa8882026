"""A stranger finds the place: the top level, the rooms of both halves, one noun in one file a layer, one name for one
class."""

import json
from pathlib import Path

import pytest

from tests.support.house.files import classes_twice, tracked

CHECKOUT = Path(__file__).resolve().parents[2]
SERVICE, SCRIPTS = CHECKOUT / "service", CHECKOUT / "scripts"

FOLDERS = ".ci .github bench chart docs gitops-templates requirements scripts service tests tools"
FILES = (
    ".containerignore .gitignore CHANGELOG.md CONTRIBUTING.md Containerfile LICENSE Makefile README.md SECURITY.md"
    " pyproject.toml sonar-project.properties waybill.toml"
)
ROOMS = {
    "service": "api auth database domain http ledger observer pages",
    "service/ledger": "arrivals environments events releases",
    "scripts": "adopt ask chart clients commands connect diff doctor forges gitops image init proposal releases source"
    " steps yaml",
    "tools": "cluster demo generate go image sample",
}
# One noun that stands for itself in every layer: as a table, in the domain, in an answer.
NOUNS_OF_EVERY_LAYER = {
    "Arrival",
    "Delivery",
    "Environment",
    "Event",
    "Level",
    "Place",
    "Proposal",
    "Release",
    "Token",
    "Waybill",
}
TABLES = {"service/database/tables.py"}
# Where a path's first word is not the noun that it is about.
NOUN_OF = {
    "history.atom": "history",
    "hooks": "events",
    "caller": "tokens",
    "healthz": "health",
    "readyz": "health",
    "metrics": "health",
}


def rooms(folder: Path) -> set[str]:
    """The folders right below `folder` that hold a tracked file."""
    files = tracked(CHECKOUT, f"{folder.relative_to(CHECKOUT)}/*")
    return {parts[0] for file in files if len(parts := file.relative_to(folder).parts) > 1}


def test_the_top_level_is_what_contributing_says() -> None:
    present = {file.relative_to(CHECKOUT).parts[0] for file in tracked(CHECKOUT)}
    assert present <= {*FOLDERS.split(), *FILES.split()}


@pytest.mark.parametrize("folder", ROOMS)
def test_the_rooms_are_those_of_the_plan(folder: str) -> None:
    assert rooms(CHECKOUT / folder) - {"migrations", "templates", "static"} == set(ROOMS[folder].split())


def test_a_path_of_the_api_has_its_noun_as_a_module() -> None:
    paths = json.loads((SERVICE / "openapi.json").read_text())["paths"]
    nouns = {NOUN_OF.get(word, word) for word in (path.split("/")[1] for path in paths)}
    assert len(nouns) > 4
    for noun in nouns:
        assert (SERVICE / "api" / f"{noun}.py").is_file(), noun
        if noun not in ("health", "stages"):  # of the process, and of its settings
            assert (SERVICE / "ledger" / noun).is_dir() or (SERVICE / "ledger" / f"{noun}.py").is_file(), noun


@pytest.mark.parametrize("half", [SERVICE, SCRIPTS], ids=lambda half: half.name)
def test_no_two_classes_of_one_half_share_a_name(half: Path) -> None:
    files = [it for it in tracked(CHECKOUT, f"{half.name}/*.py") if "migrations" not in it.parts]
    twice = classes_twice(files, CHECKOUT)
    assert {name: where for name, where in twice.items() if not _is_one_noun(name, where)} == {}


def _is_one_noun(name: str, where: list[str]) -> bool:
    """Whether the class is the same noun in several layers of the ledger, once in each."""
    layers = [tuple(Path(place).parts[:2]) for place in where]
    return name in NOUNS_OF_EVERY_LAYER and len(set(layers)) == len(layers) and layers[0][0] == "service"


def test_a_second_class_of_one_name_is_noticed(tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("class Filed: ...\n")
    assert classes_twice([tmp_path / "a.py", tmp_path / "b.py"], tmp_path) == {"Filed": ["a.py", "b.py"]}
