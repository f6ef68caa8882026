"""What README.md, CONTRIBUTING.md and docs/ tell is what the programs say of themselves."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from scripts.__main__ import cli
from tools.generate.pages import PAGES, filled

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"
LINKED = [*PAGES, *(CHECKOUT / name for name in ("SECURITY.md", "CHANGELOG.md", "chart/README.md"))]
LINKED += [CHECKOUT / name for name in ("gitops-templates/README.md", "gitops-templates/cluster/README.md")]
LINK = re.compile(r"\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^( *)```(?:sh)?\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    return str(page.relative_to(CHECKOUT))


def anchors(page: Path) -> set[str]:
    """As forges make them of headings."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each `waybill ...` in the blocks of a page; lines that a backslash joins are one."""
    for match in BLOCK.finditer(page.read_text()):
        for line in match[2].replace("\\\n", " ").splitlines():
            if line.strip().startswith("waybill "):
                yield shlex.split(line, comments=True)[1:]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_is_made_of_the_programs_is_theirs(page: Path) -> None:
    """`make generate` writes it again."""
    assert filled(page.read_text()) == page.read_text()


@pytest.mark.parametrize("page", LINKED, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        path, _, anchor = link.partition("#")
        if re.match(r"\w+:", link):
            continue
        target = page if not path else (page.parent / path).resolve()
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_that_is_shown_can_be_typed(page: Path) -> None:
    """Its options and the number of its arguments are those of the command."""
    for words in commands(page):
        command = cli.commands[words[0]]
        context = click.Context(command, info_name=words[0], resilient_parsing=True)
        values, rest, _ = command.make_parser(context).parse_args([it for it in words[1:] if it != "..."])
        assert rest == [], words
        assert values or len(words) == 1, words


def test_every_page_can_be_found_from_the_index() -> None:
    index = DOCS / "index.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in LINK.findall(index.read_text())}
    assert {it for it in DOCS.rglob("*.md") if it != index} <= linked


def test_readme_is_read_in_one_go() -> None:
    assert len((CHECKOUT / "README.md").read_text().splitlines()) <= 150


def test_the_refusals_are_what_the_program_says() -> None:
    source = "\n".join(path.read_text() for path in (CHECKOUT / "scripts").rglob("*.py"))
    rows = [it for it in (DOCS / "reference/refusals.md").read_text().splitlines() if it.startswith("| `")]
    assert len(rows) > 10
    for row in rows:
        said = row.split("`")[1]
        assert said in source or said.replace("401", "{answer.status}") in source, said


def test_the_requests_are_the_ledgers() -> None:
    page = (DOCS / "reference/api.md").read_text()
    told = {match.groups() for match in re.finditer(r"`(GET|POST) ([^?`]+)\??([^`]*)`", page)}
    described = json.loads((CHECKOUT / "service/openapi.json").read_text())["paths"]
    paged = {"cursor", "limit"}  # told of all lists at once
    assert told == {
        (method.upper(), path, "&".join(f"{name}=" for name in queries if name not in paged))
        for path, operations in described.items()
        for method, operation in operations.items()
        for queries in [[it["name"] for it in operation.get("parameters", []) if it["in"] == "query"]]
    }
