"""What others wrote is printed as text: nothing of it moves the cursor, hides, or is a command to a CI system."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import Refused
from scripts.report import Cell, Report, printable
from tests.support.builders import World
from tests.support.registry_stand_in import answering, says

HARMFUL = {
    "an escape sequence": "\x1b[2J\x1b]0;title\x07",
    "one of a single byte": "\x9b2J",
    "a return to the line's start": "refused\rall is well",
    "a backspace": "no\x08\x08ok",
    "text that runs backwards": "\u202egnp.exe\u2066",
    "what is invisible": "a\u200b\u00ad\U000e0041",
    "other line ends": "a\x0bb\x0cc\x85d\u2028e\u2029f",
    "half a character": "\ud800",
    "a command to GitHub": "a\n::error::b",
    "one after blanks": "a\n \t ::set-env name=x::y",
    "one after a blank of another kind": "a\n\u3000\u00a0::error::b",
    "one after a line end of another kind": "a\r::error::b",
    "an old one": "a ##[error]b",
    "one to Azure": "a ##vso[task.setvariable]b",
    "one to TeamCity": "a ###teamcity[message]b",
}


def acts(text: str) -> bool:
    """Whether a terminal or a CI system would do something."""
    commands = re.search(r"##\w*\[", text) or any(re.match(r"\s*::", line) for line in re.split(r"[\r\n]", text))
    return bool(commands) or not all(sign in "\n\t" or sign.isprintable() for sign in text)


@pytest.mark.parametrize("text", HARMFUL.values(), ids=HARMFUL)
def test_it_is_seen_and_does_nothing(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert acts(text)
    for as_json in (False, True):
        report = Report(json=as_json)
        report.say(text)
        report.warn(text)
        report.refuse(Refused(text, text, fault="ledger"))
        report.results([{"release": text}], {"release": text.replace("\ud800", "")})
        report.patch("title", text)
        out, err = capsys.readouterr()
        assert not acts(out + err)


@given(st.text())
def test_nothing_that_anybody_writes_acts(text: str) -> None:
    assert not acts(printable(text))


def test_the_document_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join(HARMFUL.values()).replace("\ud800", "") + "\\##[x] \U0001f6a2 é"
    Report(json=True).results([], {"release": text, "::error::": text})
    assert json.loads(capsys.readouterr().out) == {"release": text, "::error::": text}


def test_text_stays_as_it_is() -> None:
    for text in ("Release 1.2.3 of orders: a → b\n\tsha256:0af", "naïve 日本語 🚢", "a::b # x [y] ## z"):
        assert printable(text) == text
    assert printable("https://ada:secret@host") == "https://***@host"


@pytest.mark.long
def test_what_a_ledger_says_is_printed_so(world: World) -> None:
    world.ship(world.image())
    problem = b'{"title": "\\u001b[2J\\n::error::", "detail": "##[error]\\u202e"}'
    with answering(says(500, problem)) as host:
        ran = world.waybill("record", "--json", env={"WAYBILL_LEDGER": f"http://{host}", "WAYBILL_LEDGER_TOKEN": "x"})
    assert (ran.code, ran.json["fault"]) == (1, "ledger")
    assert "\\x1b[2J ::error::: # #[error]\\u202e" in ran.json["refused"]
    assert not acts(ran.stdout + ran.stderr)


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (10, "orders  failed: timed out..."),  # what it is about is not left out, however narrow
        (30, "orders  failed: timed out a..."),
        (80, "orders  failed: timed out and more"),
        (None, "orders  failed: timed out and more"),
    ],
)
def test_prose_is_cut_where_a_terminal_ends_and_nowhere_else(
    columns: int | None, shown: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: columns is not None)
    monkeypatch.setenv("COLUMNS", str(columns or 10))
    report = Report()
    report.answer([[Cell("orders  "), Cell("failed: timed out and more", cut=True)]], None)
    report.answer([[Cell("https://example.org/pull/7, which stays whole")]], None)
    assert capsys.readouterr().out.splitlines() == [shown, "https://example.org/pull/7, which stays whole"]


def test_signs_that_take_two_columns_are_counted_as_two(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    report = Report()
    for text in ("\u5931\u6557" * 8, "e\u0301" * 30, "\U0001f680" * 15):
        report.answer([[Cell(text, cut=True)]], None)
    assert capsys.readouterr().out.splitlines() == ["\u5931\u6557" * 6 + "\u5931...", "e\u0301" * 30, "\U0001f680" * 15]
