"""What the README tells is what the programs say of themselves."""

import json
import re
from pathlib import Path

from scripts.__main__ import cli
from tools.generate.readme import filled

CHECKOUT = Path(__file__).resolve().parents[2]
README = (CHECKOUT / "README.md").read_text()


def test_its_tables_are_the_programs_own() -> None:
    """`make generate` writes them again."""
    assert filled(README) == README


def test_every_command_is_told() -> None:
    for name in cli.commands:
        assert f"waybill {name}" in README or f"`{name}`" in README


def test_the_refusals_are_what_the_program_says() -> None:
    source = "\n".join(path.read_text() for path in (CHECKOUT / "scripts").rglob("*.py"))
    table = README.split("<!-- refusals -->\n")[1].split("<!-- /refusals -->")[0]
    for row in table.strip().splitlines()[2:]:
        said = row.split("`")[1]
        assert said in source or said.replace("401", "{answer.status}") in source, said


def test_the_requests_are_the_ledgers() -> None:
    table = README.split("<!-- requests -->\n")[1].split("<!-- /requests -->")[0]
    told = {match.groups() for match in re.finditer(r"`(GET|POST) ([^?`]+)\??([^`]*)`", table)}
    described = json.loads((CHECKOUT / "service/openapi.json").read_text())["paths"]
    paged = {"cursor", "limit"}  # told of all lists at once
    assert told == {
        (method.upper(), path, "&".join(f"{name}=" for name in queries if name not in paged))
        for path, operations in described.items()
        for method, operation in operations.items()
        for queries in [[it["name"] for it in operation.get("parameters", []) if it["in"] == "query"]]
    }
