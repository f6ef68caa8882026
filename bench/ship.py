"""Measures `waybill ship` beside a script of the bare commands that do the same work (bare.sh): `make bench ARGS=ship`.

Both ship a new image in each round, in turn, each from its own checkout into its own GitOps repo, to one registry; the
chart is tiny, so that what is measured is the tool. Medians of the rounds. Processor time, with that of git and helm,
tells more than the clock where the machine is busy.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.support.builders import TOP, World, git
from tools.demo.registry import serve_registry

BARE = Path(__file__).with_name("bare.sh")


@dataclass(frozen=True)
class Took:
    """Seconds: by the clock, of processor time, and of the clock outside git and helm."""

    wall: float
    cpu: float
    own: float = 0.0


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench ship", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="waybill-bench-") as name, serve_registry(Path(name) / "registry") as host:
        worlds = {side: begun(World(Path(name) / side, host)) for side in ("waybill", "bare")}
        took: dict[str, list[Took]] = {"waybill ship": [], "bare commands": [], "waybill --help": []}
        for number in range(given.rounds):
            took["waybill ship"].append(ship(worlds["waybill"], str(number)))
            took["bare commands"].append(bare(worlds["bare"], str(number)))
            took["waybill --help"].append(waybill(worlds["waybill"], "--help"))
    show(took)


def begun(world: World) -> World:
    """With a first release, merged."""
    world.ship(world.image("the first"))
    git(world.gitops, "update-ref", "refs/heads/main", "refs/heads/apps/orders")
    git(world.gitops, "update-ref", "-d", "refs/heads/apps/orders")
    return world


def ship(world: World, text: str) -> Took:
    return waybill(world, "ship", "--image", world.image(text))


def waybill(world: World, *args: str) -> Took:
    """`own` is from the start of Python to its end without the programs that it started."""
    times = world.folder / "times"
    took = measured(
        [sys.executable, "-P", "-m", "bench.timed", *args],
        world.checkout,
        # Compiled once, as an installation is.
        {
            "PYTHONPATH": str(TOP),
            "WAYBILL_BENCH_TIMES": str(times),
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(world.folder / "compiled"),
        },
    )
    return Took(took.wall, took.cpu, took.wall - float(times.read_text()))


def bare(world: World, text: str) -> Took:
    registry = f"{world.registry}/charts-{world.folder.name}"
    return measured(
        ["bash", BARE, world.service, world.image(text), registry, str(world.gitops), "staging"], world.checkout, {}
    )


def measured(command: Sequence[str | Path], folder: Path, env: Mapping[str, str]) -> Took:
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr}")
    return Took(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def show(took: Mapping[str, Sequence[Took]]) -> None:
    def median(what: str, figure: Callable[[Took], float]) -> float:
        return statistics.median(figure(each) for each in took[what])

    table = Table("", "clock", "processor", "outside git and helm")
    for what in took:
        figures = (median(what, lambda each: each.wall), median(what, lambda each: each.cpu))
        own = median(what, lambda each: each.own)
        table.add_row(what, *(f"{figure:.2f} s" for figure in figures), f"{own:.2f} s" if own else "")
    ratios = {
        name: median("waybill ship", figure) / median("bare commands", figure)
        for name, figure in (("clock", lambda each: each.wall), ("processor", lambda each: each.cpu))
    }
    table.add_row("ship / bare (goal: 1.20)", *(f"{ratio:.2f}" for ratio in ratios.values()), "goal: 1.00 s")
    Console(width=100).print(table)
    print(json.dumps({name: round(ratio, 3) for name, ratio in ratios.items()}))
