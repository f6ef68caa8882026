"""What SECURITY.md and CONTRIBUTING.md name is there."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PATH = re.compile(
    r"`((?:service|scripts|tests|tools|chart|requirements|gitops-templates)/[\w./-]*|[\w-]+\.(?:md|toml))`"
)


@pytest.mark.parametrize("name", ["SECURITY.md", "CONTRIBUTING.md"])
def test_every_file_that_is_named_is_there(name: str) -> None:
    named = PATH.findall((CHECKOUT / name).read_text())
    assert len(named) > 10
    assert [path for path in named if not (CHECKOUT / path).exists()] == []


def test_every_threat_has_a_test() -> None:
    table = (CHECKOUT / "SECURITY.md").read_text().split("## Who could want what\n")[1].split("## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ") and not row.startswith("| who |")]
    assert len(rows) > 10
    for row in rows:
        assert "`tests/" in row.split("|")[4], row


def test_the_words_of_the_code_are_the_documents() -> None:
    """What CONTRIBUTING.md names inside a file is in it."""
    assert "REASONS = {" in (CHECKOUT / "service/domain/reasons.py").read_text()
    assert "def forge_of(" in (CHECKOUT / "scripts/forges/__init__.py").read_text()
