"""The tables of README.md, from what the programs say of themselves."""

import subprocess
from pathlib import Path

from scripts.settings import KEYS
from service.observer.settings import ObserverSettings
from service.settings import FromEnvironment, Settings

CHECKOUT = Path(__file__).resolve().parents[2]
README = CHECKOUT / "README.md"


def files() -> dict[Path, str]:
    return {README: filled(README.read_text())}


def tables() -> dict[str, list[str]]:
    """The rows of each table that stands between `<!-- name -->` and `<!-- /name -->`."""
    told = subprocess.run(["make", "--silent", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    targets = [line.split(None, 1) for line in told.splitlines()]
    return {
        "settings": [f"| `{key}` | {meaning} |" for key, meaning in KEYS.items()],
        "ledger settings": _declared(Settings),
        "observer settings": _declared(ObserverSettings),
        "targets": [f"| `make {name}` | {text} |" for name, text in targets],
    }


def _declared(settings: type[FromEnvironment]) -> list[str]:
    return [
        f"| `{it.name}` | {'must be set' if it.default is None else it.default and f'`{it.default}`'} | {it.help} |"
        for it in settings.declared()
    ]


def filled(text: str) -> str:
    """`text` with the rows of every table as they should be."""
    for name, rows in tables().items():
        before, inside = text.split(f"<!-- {name} -->\n")
        table, after = inside.split(f"<!-- /{name} -->")
        head = table.splitlines()[:2]
        text = "\n".join([f"{before}<!-- {name} -->", *head, *rows, f"<!-- /{name} -->{after}"])
    return text
