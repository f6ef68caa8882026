"""Ships one image through every step on this machine: `make demo`. With --keep its ledger stays open: `make run`."""

import argparse
import fcntl
import os
import shutil
import sys
import time
from pathlib import Path

from .journey import tell, travel
from .processes import stop_cleanly
from .sample import open_sample
from .world import CHECKOUT


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the ledger open until Ctrl-C")
    parser.add_argument(
        "--folder", type=Path, default=CHECKOUT / ".demo", help="for everything that the demo writes; emptied first"
    )
    parser.add_argument(
        "--sample", action="store_true", help="instead, open a ledger with half a year of 6 services in 3 environments"
    )
    given = parser.parse_args()
    stop_cleanly()
    started = time.monotonic()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    empty(folder)
    # The demo works in a clone, but runs the code of this checkout.
    python = ["env", f"PYTHONPATH={CHECKOUT}", sys.executable, "-P", "-m"]
    service = [*python, "service"]
    opened = open_sample(folder, service) if given.sample else travel(folder, [*python, "scripts"], service)
    try:
        with opened as ledger:
            if given.keep:
                tell(f"The board is open at {ledger.url}/ until you press Ctrl-C")
                sys.exit(f"the ledger stopped by itself, see {folder / 'ledger.log'}: {ledger.process.wait()}")
    except RuntimeError as error:
        sys.exit(f"\nThe demo stopped: {error}\nIts files are in {folder}.")
    print(f"\nDone in {time.monotonic() - started:.0f} s; nothing runs any more. Its files are in {folder}.")


def empty(folder: Path) -> None:
    """Remove what an earlier demo left, unless one still runs there. The lock is held until this process ends."""
    try:
        fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Another demo runs in {folder}; stop it first (Ctrl-C in its terminal).")
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


if __name__ == "__main__":
    main()
