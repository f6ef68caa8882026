"""One digest travels the whole way, on this machine: `make demo`; with --keep its ledger stays open: `make run`."""

import shutil
import sys
import time

from .journey import tell, travel
from .processes import stop_cleanly
from .world import CHECKOUT


def main(arguments: list[str]) -> None:
    stop_cleanly()
    started = time.monotonic()
    folder = CHECKOUT / ".demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    python = ["env", f"PYTHONPATH={CHECKOUT}", sys.executable, "-P", "-m"]  # the checkout's code, not its clone's
    try:
        with travel(folder, [*python, "scripts"], [*python, "service"]) as ledger:
            if "--keep" in arguments:
                tell(f"The board is open at {ledger.url}/ until you press Ctrl-C")
                sys.exit(f"the ledger stopped by itself, see {folder / 'ledger.log'}: {ledger.process.wait()}")
    except RuntimeError as error:
        sys.exit(f"\nThe demo stopped: {error}\nWhat it did lies in {folder}.")
    print(f"\nDone in {time.monotonic() - started:.0f} s; nothing runs any more. What it made lies in {folder}.")


if __name__ == "__main__":
    main(sys.argv[1:])
