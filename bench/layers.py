"""What each of the ledger's layers costs a request: the same constant below one more of them each time."""

import shutil
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import targets
from .constant import TITLES
from .load import Rate, Request, load


def main(rounds: int, seconds: int) -> None:
    """Prints requests a second, microseconds of processor time, and how many the layer adds: medians of the rounds."""
    folder = Path(tempfile.mkdtemp(prefix="waybill-layers-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        served = {layer: stack.enter_context(targets.constant(f"layer {layer}", layer, folder)) for layer in TITLES}
        rates: dict[int, list[Rate]] = {layer: [] for layer in served}
        for _ in range(rounds):
            for layer, target in served.items():
                rates[layer].append(load(target, [Request("/read")], seconds=seconds))
    table, before = Table("what answers", "requests/s", "us", "adds"), 0.0
    for layer, measured in rates.items():
        cost = statistics.median(it.cpu for it in measured)
        rate = statistics.median(it.per_second for it in measured)
        table.add_row(TITLES[layer], f"{rate:,.0f}", f"{cost:,.0f}", f"{cost - before:,.0f}" if before else "")
        before = cost
    Console(width=100).print(table)
