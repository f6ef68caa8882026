"""Reviewers see what a commit changes in the rendered chart."""

from pathlib import Path

import pytest

from tests.support.chart.render import edited
from tools.chart_difference import SCENARIOS, difference, main

VALUES = SCENARIOS / "postgresql" / "values.yaml"


def test_a_change_is_shown_by_object_and_line(tmp_path: Path) -> None:
    before = edited(tmp_path, "templates/deployment.yaml", "revisionHistoryLimit: 3", "revisionHistoryLimit: 10")
    (change,) = difference(VALUES, before).changes
    assert (change.what, change.name) == ("changed", "Deployment/ledger-waybill")
    assert {line.replace(" ", "") for line in change.lines} >= {"-revisionHistoryLimit:10", "+revisionHistoryLimit:3"}


def test_values_that_the_chart_did_not_know_before_are_a_note(tmp_path: Path) -> None:
    before = edited(tmp_path, "values.schema.json", '"reads": {', '"readers": {')
    found = difference(VALUES, before)
    assert not found.changes
    assert "additional properties 'reads' not allowed" in found.notes[0]


@pytest.mark.long
def test_every_scenario_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main("HEAD", tmp_path / "difference.md")
    text = (tmp_path / "difference.md").read_text()
    assert text == capsys.readouterr().out
    assert text.count("#### ") == len(list(SCENARIOS.iterdir()))
