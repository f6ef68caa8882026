"""A file has one purpose, which its name says, and can be read in one go."""

import re
from pathlib import Path

import pytest

from tests.support.house.files import (
    MIDDLE,
    empty_names,
    long_functions,
    middle,
    moods,
    too_long,
    tracked,
)

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCES = tracked(CHECKOUT, "service/*.py", "scripts/*.py", "tools/*.py", "bench/*.py")
TESTS = tracked(CHECKOUT, "tests/*.py")
PROGRAMS = [file for file in SOURCES if file.relative_to(CHECKOUT).parts[0] in ("service", "scripts")]


def test_no_file_is_long_without_a_reason() -> None:
    assert list(too_long([*SOURCES, *TESTS])) == []


def test_most_files_are_short() -> None:
    assert middle(SOURCES) <= MIDDLE


def test_names_say_a_purpose() -> None:
    assert list(empty_names([*SOURCES, *TESTS], CHECKOUT)) == []


# What Python takes for digits and for numbers is more than any other program writes or reads.
OTHER_DIGITS = re.compile(r"\\d|\.is(digit|decimal|numeric)\(|type=int\b|click\.INT\b|type=click\.IntRange")


def test_digits_are_those_of_ascii() -> None:
    programs = [it for it in PROGRAMS if "migrations" not in it.parts]
    assert [it for it in programs if OTHER_DIGITS.search(it.read_text())] == []


def test_a_form_ends_where_the_text_does() -> None:
    """Python's `$` matches before a last line feed, too."""
    half_open = re.compile(r"""pattern=r?f?"\^[^"]*\$\"""")
    assert [it for it in PROGRAMS if half_open.search(it.read_text())] == []


def test_no_function_is_long() -> None:
    assert list(long_functions([*SOURCES, *TESTS], CHECKOUT)) == []


def test_modules_are_nouns_or_commands() -> None:
    assert list(moods(PROGRAMS, CHECKOUT)) == []


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


def test_a_long_function_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text("def short():\n" + "    x = 1\n" * 49 + "async def long():\n" + "    x = 1\n" * 50)
    assert list(long_functions([file], tmp_path)) == ["x.py:51: long has 51 lines"]


@pytest.mark.parametrize("name", ["found.py", "a/asked_together.py", "released.py", "running.py", "lost/x.py"])
def test_a_mood_or_a_participle_is_noticed(tmp_path: Path, name: str) -> None:
    assert len(list(moods([tmp_path / name], tmp_path))) == 1


@pytest.mark.parametrize("name", ["settings.py", "releases/read.py", "steps/bump.py", "take_snapshot.py"])
def test_a_noun_or_a_command_is_fine(tmp_path: Path, name: str) -> None:
    assert list(moods([tmp_path / name], tmp_path)) == []
