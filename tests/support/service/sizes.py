"""How much a crash or load test does: seconds in `make test`, everything in `make torture`."""

import os


def size(quick: int, full: int) -> int:
    return full if os.environ.get("WAYBILL_TORTURE") else quick
