"""How long an answer takes while clients read and others write: releases and events, at one time.

They pause between their requests. Where none does, all wait for the one core, and the time tells how many they are.
"""

import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from rich.console import Console
from rich.table import Table

from .cases import AT_MOST, CASES
from .load import Rate, load
from .targets import Target

READS = ("get one", "current state", "newest 50")
WRITES = ("create", "event")
EACH = 1000  # reads of each kind, of which wrk takes any
READERS, WRITERS = (12, 8), (2, 10)  # connections for all reads, and for each kind of write; milliseconds of pause


def main(targets: Sequence[Target], releases: int, rounds: int, seconds: int) -> None:
    """Prints requests a second, and the 99th percentile of the latency: medians of the rounds."""
    table = Table("while both go on", "reads", *WRITES)
    for target in targets:
        measured = [_round(target, releases, seconds) for _ in range(rounds)]
        table.add_row(target.name, *(_cell(rates) for rates in zip(*measured, strict=True)))
    Console(width=100).print(table)


def _round(target: Target, releases: int, seconds: int) -> Sequence[Rate]:
    """Of all reads, and of each kind of write."""
    reads = [it for case in READS for it in islice(cycle(CASES[case](releases, 0)), EACH)]
    writes = [[*CASES[it](releases, AT_MOST * seconds // 8)] for it in WRITES]
    with ThreadPoolExecutor() as pool:
        running = [
            pool.submit(load, target, requests, seconds=seconds, connections=connections, pause=pause)
            for requests, (connections, pause) in ((reads, READERS), *((it, WRITERS) for it in writes))
        ]
        return [it.result() for it in running]


def _cell(rates: Sequence[Rate]) -> str:
    return (
        f"{statistics.median(it.per_second for it in rates):,.0f}/s"
        f"  p99 {statistics.median(it.p99 for it in rates):.1f} ms"
    )
