"""What the README tells in tables is what the programs say of themselves."""

import subprocess
from pathlib import Path

from scripts.__main__ import cli
from scripts.config import KEYS
from service.settings import SETTINGS

CHECKOUT = Path(__file__).resolve().parents[2]
README = (CHECKOUT / "README.md").read_text()


def table(name: str) -> list[str]:
    """The rows of the table between the comments of that name."""
    inside = README.split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0]
    return inside.strip().splitlines()[2:]


def test_the_settings_of_the_release_tool() -> None:
    assert table("settings") == [f"| `{key}` | {meaning} |" for key, meaning in KEYS.items()]


def test_the_settings_of_the_ledger() -> None:
    assert table("ledger settings") == [
        f"| `{it.name}` | {f'`{it.default}`' if it.default else ''} | {it.meaning} |" for it in SETTINGS
    ]


def test_the_make_targets() -> None:
    told = subprocess.run(["make", "--silent", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 1) for line in told.splitlines()]
    assert table("targets") == [f"| `make {name}` | {text} |" for name, text in rows]


def test_every_command_is_told() -> None:
    for name in cli.commands:
        assert f"waybill {name}" in README or f"`{name}`" in README


def test_the_refusals_are_what_the_program_says() -> None:
    source = "\n".join(path.read_text() for path in (CHECKOUT / "scripts").rglob("*.py"))
    for row in table("refusals"):
        said = row.split("`")[1]
        assert said in source or said.replace("401", "{answer.status_code}") in source, said
