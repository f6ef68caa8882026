"""Writes every file that is made from other files: `make generate`.

With --check it writes nothing, and fails when a file is out of date.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from tools.build import CHECKOUT

from . import chart_readme, flux_schemas, golden, pages, results, schemas


def files() -> dict[Path, str]:
    makers = (schemas, results, pages, chart_readme, golden, flux_schemas)
    return {path: text for each in makers for path, text in each.files().items()}


def behind(made: Mapping[Path, str]) -> list[Path]:
    """The files that are out of date."""
    return [path for path, text in made.items() if not path.exists() or path.read_text() != text]


def main(arguments: list[str]) -> None:
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    made = files()
    late = behind(made)
    names = "\n".join(f"  {path.relative_to(CHECKOUT)}" for path in late)
    if late and arguments:
        sys.exit(f"These files are out of date, `make generate` writes them again:\n{names}")
    for path in late:
        path.write_text(made[path])
    if late:
        print(f"Written:\n{names}")


if __name__ == "__main__":
    main(sys.argv[1:])
