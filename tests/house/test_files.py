"""A file has one purpose, which its name says, and can be read in one go."""

from pathlib import Path

import pytest

from ..support.house.files import MIDDLE, empty_names, middle, too_long, tracked

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCES = tracked(CHECKOUT, "service/*.py", "scripts/*.py", "tools/*.py", "bench/*.py")
TESTS = tracked(CHECKOUT, "tests/*.py")


def test_no_file_is_long_without_a_reason() -> None:
    assert list(too_long([*SOURCES, *TESTS])) == []


def test_most_files_are_short() -> None:
    assert middle(SOURCES) <= MIDDLE


def test_names_say_a_purpose() -> None:
    assert list(empty_names([*SOURCES, *TESTS], CHECKOUT)) == []


def test_a_long_file_is_noticed_unless_it_says_why(tmp_path: Path) -> None:
    file = tmp_path / "long.py"
    file.write_text("x = 1\n" * 301)
    assert list(too_long([file])) == [f"{file}: 301 lines and no reason"]
    assert middle([file]) == 301
    file.write_text("# long because:\n" + "x = 1\n" * 301)
    assert len(list(too_long([file]))) == 1
    file.write_text("# long because: one table of Flux's reasons\n" + "x = 1\n" * 301)
    assert list(too_long([file])) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("core/x.py", ""),
        ("utils.py", ""),
        ("x.py", "class ReleaseManager: ..."),
        ("x.py", "class ReleaseRepository: ..."),
    ],
)
def test_an_empty_name_is_noticed(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    assert len(list(empty_names([tmp_path / name], tmp_path))) == 1
