"""The tables of README.md, from what the programs say of themselves."""

import subprocess
from pathlib import Path

from scripts.settings import KEYS
from service.settings import Settings

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
        "ledger settings": [
            f"| `{it.name}` | {f'`{it.default}`' if it.default else ''} | {it.help} |" for it in Settings.declared()
        ],
        "targets": [f"| `make {name}` | {text} |" for name, text in targets],
    }


def filled(text: str) -> str:
    """`text` with the rows of every table as they should be."""
    for name, rows in tables().items():
        before, inside = text.split(f"<!-- {name} -->\n")
        table, after = inside.split(f"<!-- /{name} -->")
        head = table.splitlines()[:2]
        text = "\n".join([f"{before}<!-- {name} -->", *head, *rows, f"<!-- /{name} -->{after}"])
    return text
