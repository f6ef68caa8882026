"""Measures the ledger beside a plain Litestar handler and two peers that do the same work: `make bench`.

`make bench ARGS=ship` measures the release tool instead: bench/ship.py.

One worker on the first core, wrk with 16 connections on the second, the programs in turn within each round, medians of
the rounds. Writes are durable: SQLite with synchronous=FULL, PostgreSQL with fsync. Figures of a busy machine mean
little; the ratios to the constant of the same run mean more.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.support.service.postgres_server import PostgresServer, postgres_server
from tools.prerequisites import complaint

from . import both, layers, ship, started, targets
from .cases import AT_MOST, CASES, constant
from .constant import Layer
from .load import Rate, load
from .targets import Target

Program = AbstractContextManager[Target]
Measured = dict[tuple[str, str], list[Rate]]
FEW = 1_000  # events
CONSTANT, OURS, NAMES = "constant", "Waybill", ("p99", "cpu")


def main() -> None:
    if sys.argv[1:2] == ["ship"]:
        ship.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--releases", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument(
        "--flat",
        type=int,
        nargs="?",
        const=1_000_000,
        metavar="EVENTS",
        help="no peers: the ledger with 1,000 events beside one with so many, a million by default",
    )
    given = parser.parse_args()
    if missing := complaint("bench"):
        sys.exit(missing)
    if (os.cpu_count() or 1) < 2:
        sys.exit("a core for the server and one for the load are needed")
    folder = Path(tempfile.mkdtemp(prefix="waybill-bench-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        programs = [
            stack.enter_context(program)
            for program in (
                flat(stack, folder, given.releases, (FEW, given.flat))
                if given.flat
                else start(stack, folder, (given.releases, given.events), peers=not given.no_peers)
            )
        ]
        show([it.name for it in programs], measure(programs, given))
        if ours := [it for it in programs if it.name.startswith(OURS)]:
            both.main(ours, given.releases, given.rounds, given.seconds)
    layers.main(given.rounds, given.seconds)
    started.main()


def measure(programs: Sequence[Target], given: argparse.Namespace) -> Measured:
    measured, console = Measured(), Console(stderr=True)
    for round_ in range(1, given.rounds + 1):
        for case, make in CASES.items():
            with console.status(f"round {round_} of {given.rounds}: {case}"):
                for it in programs:
                    made = make(given.releases, AT_MOST * given.seconds)
                    requests = constant(case, made) if it.name == CONSTANT else made
                    rate = load(it, requests, seconds=given.seconds)
                    measured.setdefault((it.name, case), []).append(rate)
        console.print(f"round {round_} of {given.rounds} done")
    return measured


def flat(stack: ExitStack, folder: Path, releases: int, events: Sequence[int]) -> Iterator[Program]:
    server = durable_server(stack, *(f"ledger_{count}" for count in events))
    yield targets.constant(CONSTANT, Layer.HANDLER, folder)
    for count in events:
        yield targets.ledger(f"SQLite, {count:,} events", f"sqlite:///{folder}/{count}.db", folder, (releases, count))
    for count in events:
        yield targets.ledger(f"PostgreSQL, {count:,} events", server.url(f"ledger_{count}"), folder, (releases, count))


def start(stack: ExitStack, folder: Path, counts: tuple[int, int], *, peers: bool) -> Iterator[Program]:
    server = durable_server(stack, "ledger", "fastapi", "django")
    socket = server.folder
    yield targets.constant(CONSTANT, Layer.HANDLER, folder)
    yield targets.ledger(f"{OURS}, SQLite", f"sqlite:///{folder}/ledger.db", folder, counts)
    yield targets.ledger(f"{OURS}, PostgreSQL", server.url("ledger"), folder, counts)
    if peers:
        yield targets.fastapi("FastAPI, SQLite", f"sqlite+aiosqlite:///{folder}/fastapi.db", folder, counts)
        yield targets.fastapi(
            "FastAPI, PostgreSQL", f"postgresql+asyncpg://postgres@/fastapi?host={socket}", folder, counts
        )
        yield targets.django("Django, SQLite", f"sqlite:{folder}/django.db", folder, counts)
        yield targets.django("Django, PostgreSQL", f"postgresql:{socket}:django", folder, counts)


def durable_server(stack: ExitStack, *databases: str) -> PostgresServer:
    server = stack.enter_context(postgres_server())
    server.stop("fast")
    server.options = server.options.replace("-c fsync=off", "-c fsync=on")
    server.start()
    for name in databases:
        targets.on_postgres(server, name)
    return server


def show(programs: list[str], measured: Measured) -> None:
    """For each program: its share of the constant's requests a second, these, the 99th percentile of the latency and
    the server's processor time for a request; the medians as a line of JSON too."""
    table = Table("", *CASES, show_lines=True)
    medians = {key: statistics.median(rate.per_second for rate in rates) for key, rates in measured.items()}
    for program in programs:
        cells = []
        for case in CASES:
            share = medians[program, case] / medians[CONSTANT, case]
            p99, cpu = (statistics.median(getattr(rate, name) for rate in measured[program, case]) for name in NAMES)
            cells.append(f"{share:.2f}  {medians[program, case]:,.0f}/s\np99 {p99:.1f} ms  {cpu:,.0f} us")
        table.add_row(program, *cells)
    Console(width=160).print(table)
    print(json.dumps({f"{program} | {case}": round(value) for (program, case), value in medians.items()}))


if __name__ == "__main__":
    main()
