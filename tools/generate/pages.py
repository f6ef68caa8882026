"""The tables of README.md, CONTRIBUTING.md and docs/, from what the programs say of themselves."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click

from scripts.__main__ import COMMANDS, cli
from scripts.settings import KEYS
from service.observer.settings import ObserverSettings
from service.settings import FromEnvironment, Settings

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]


def files() -> dict[Path, str]:
    return {page: filled(page.read_text()) for page in PAGES}


@cache
def made() -> dict[str, str]:
    """What stands between `<!-- name -->` and `<!-- /name -->`."""
    told = subprocess.run(["make", "--silent", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    targets = [line.split(None, 1) for line in told.splitlines()]
    return {
        "settings": _table("key", "meaning", [f"| `{key}` | {meaning} |" for key, meaning in KEYS.items()]),
        "ledger settings": _declared(Settings),
        "observer settings": _declared(ObserverSettings),
        "targets": _table("command", "does", [f"| `make {name}` | {text} |" for name, text in targets]),
        "commands": "\n".join(_commands()),
    }


def filled(text: str) -> str:
    """`text` with everything that is made as it should be."""
    for name, part in made().items():
        if f"<!-- {name} -->" in text:
            before, inside = text.split(f"<!-- {name} -->\n")
            text = f"{before}<!-- {name} -->\n{part}<!-- /{name} -->{inside.split(f'<!-- /{name} -->')[1]}"
    return text


def _table(first: str, last: str, rows: list[str]) -> str:
    return "\n".join([f"| {first} | {last} |", "|---|---|", *rows, ""])


def _declared(settings: type[FromEnvironment]) -> str:
    rows = [
        f"| `{it.name}` | {'must be set' if it.default is None else it.default and f'`{it.default}`'} | {it.help} |"
        for it in settings.declared()
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows, ""])


def _commands() -> Iterator[str]:
    """Each command with its own options; those that are settings are told with the settings."""
    for title, (_, names) in COMMANDS.items():
        yield f"## {title}\n"
        for command in (cli.commands[name] for name in names):
            context = click.Context(command, info_name=f"waybill {command.name}")
            yield f"### waybill {command.name}\n"
            yield f"`{' '.join(command.get_usage(context).split()[1:])}`\n"
            yield re.sub(r"(?m)^ +", "", command.help or "").strip() + "\n"
            own = [it for it in command.params if isinstance(it, click.Option) and it.help not in KEYS.values()]
            yield _table("option", "does", [f"| {_named(it)} | {_one_line(it.help)} |" for it in own])


def _named(option: click.Option) -> str:
    named = ", ".join(f"`{it}`" for it in [*option.opts, *option.secondary_opts])
    return named if option.is_flag else f"{named} {_one_line(option.make_metavar(click.Context(click.Command(''))))}"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").replace("|", "\\|").split())
