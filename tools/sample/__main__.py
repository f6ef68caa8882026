"""Fills an empty ledger with half a year of a fleet: `python -m tools.sample DATABASE_URL [--large]`."""

import argparse
import asyncio
import time
from datetime import UTC, datetime

from .fill import fill
from .fleet import LARGE, SMALL


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.sample", description=__doc__)
    parser.add_argument("url", metavar="DATABASE_URL")
    parser.add_argument("--large", action="store_true", help="121 services in 5 environments instead of 6 in 3")
    given = parser.parse_args()
    fleet, began = LARGE if given.large else SMALL, time.monotonic()
    number = asyncio.run(fill(given.url, fleet, datetime.now(UTC)))
    print(f"{number} filings, events and snapshots in {time.monotonic() - began:.1f} s.")
    print(f"Serve it with ENVIRONMENTS={fleet.setting!r}.")


if __name__ == "__main__":
    main()
