"""Random lives of a service in three places of two environments, and their delivery figures, counted slowly from what
was told: no rule and no table of the ledger is looked at."""

from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Any

from hypothesis import strategies as st

from .stories import E, Told, z

ENVIRONMENTS = ("staging", "production")
STEP, END = 100, 2_000  # seconds between two steps of a life; after all of them
PLACES = {("staging", "apps"): 0, ("production", "apps"): 0, ("production", "blue"): 40}  # by how much later it steps
COMMITS = ("a", "b", "c", "d")


@dataclass(frozen=True)
class Filed:
    """A release 1.0.NUMBER, of a commit; it is the number's order in which they are filed."""

    number: int
    commit: str
    committed: int

    @property
    def version(self) -> str:
        return f"1.0.{self.number}"


@dataclass(frozen=True)
class Step:
    """In a place. `what`: up | failed | rolled back | tests failed, of the version 1.0.NUMBER; proposed: people propose
    to go back to it. Flux rolls back `lag` seconds after a failure."""

    at: int
    what: str
    number: int
    lag: int = 1

    @property
    def version(self) -> str:
        return f"1.0.{self.number}"


Steps = tuple[Step, ...]


@dataclass(frozen=True)
class Life:
    """`steps`: by environment and namespace."""

    releases: tuple[Filed, ...]
    steps: dict[tuple[str, str], Steps]

    def of(self, environment: str) -> list[Steps]:
        return [steps for (name, _), steps in self.steps.items() if name == environment]


@st.composite
def lives(draw: st.DrawFn) -> Life:
    numbers = draw(st.sets(st.integers(0, 6), max_size=6))
    releases = tuple(
        Filed(number, draw(st.sampled_from(COMMITS)), draw(st.integers(-500, 1_500))) for number in sorted(numbers)
    )
    kinds = st.sampled_from(["up", "up", "up", "failed", "rolled back", "tests failed", "proposed"])
    found: dict[tuple[str, str], Steps] = {}
    for place, later in PLACES.items():
        chosen = draw(st.lists(st.tuples(kinds, st.integers(0, 7), st.integers(0, 1)), max_size=9))
        steps, runs = list[Step](), None
        for index, (what, number, lag) in enumerate(chosen):
            kind = "up" if runs is None else what
            if kind in ("failed", "rolled back") and number == runs:
                continue  # an upgrade to what runs is none
            if kind == "proposed" and number not in numbers:
                continue  # only what was filed is gone back to
            own = runs if kind == "tests failed" and runs is not None else number
            steps.append(Step((index + 1) * STEP + later, kind, own, lag))
            runs = number if kind == "up" else runs
        found[place] = tuple(steps)
    return Life(releases, found)


def told(steps: Steps, service: str, namespace: str) -> list[Told]:
    """As Flux tells them."""
    bodies, runs = list[Told](), ""
    for it in steps:
        more: dict[str, Any] = {"rv": it.at, "name": service, "namespace": namespace}
        if it.what == "up":
            bodies.append(E(it.at, "UpgradeSucceeded" if runs else "InstallSucceeded", it.version, **more))
            runs = it.version
        elif it.what == "proposed":
            continue
        elif it.what == "tests failed":
            bodies.append(E(it.at, "TestFailed", it.version, **more))
        else:
            bodies.append(E(it.at, "UpgradeFailed", it.version, **more))
        if it.what == "rolled back":
            bodies.append(E(it.at + it.lag, "RollbackSucceeded", runs, **more))
    return bodies


def filed(it: Filed, service: str) -> dict[str, Any]:
    return {"commit": it.commit * 40, "committed_at": z(it.committed), "release_commit": f"{it.number:040x}"}


def rollbacks(steps: Steps) -> list[Step]:
    """As people propose them."""
    return [it for it in steps if it.what == "proposed"]


def counted(life: Life, begins: int, ends: int) -> dict[str, tuple[Any, ...]]:
    """Of each figure what it is and of how many: by going through everything for everything."""
    begun = failed = changed = unfiled = still = again = 0
    leads, recoveries = list[int](), list[int]()
    for environment in ENVIRONMENTS:
        known = [tuple(it for it in steps if it.at < ends) for steps in life.of(environment)]
        for version in {it.version for steps in known for it in steps if it.what != "proposed"}:
            began, broke = first_run(known, version), first_failure(known, version)
            changed += any(it is not None and begins <= it < ends for it in (began, broke))
            if began is not None and begins <= began < ends:
                begun += 1
                unfiled += all(it.version != version for it in life.releases)
                again += follows_a_failure(known, version, began)
            if broke is not None and begins <= broke < ends:
                failed += 1
                end = well_again(known, version, broke, ends)
                recoveries += [end - broke] if end is not None else []
                still += end is None
        leads += [it for at, it in brought(life, known) if begins <= at < ends]
    forward = [it for it in leads if it >= 0]
    return {
        "deployments": (begun * 604_800 / (ends - begins) if begun else None, begun),
        "lead_time": (median(forward) if forward else None, len(forward), unfiled + len(leads) - len(forward)),
        "change_fail_rate": (failed / changed if changed else None, failed, changed),
        "recovery_time": (median(recoveries) if recoveries else None, len(recoveries), still),
        "rework_rate": (again / begun if begun else None, again, begun),
    }


def first_run(places: list[Steps], version: str) -> int | None:
    return min((it.at for steps in places for it in steps if it.what == "up" and it.version == version), default=None)


def first_failure(places: list[Steps], version: str) -> int | None:
    return min(
        (at for steps in places for at in (*failures(steps, version), *taken_back(steps, version))), default=None
    )


def failures(steps: Steps, version: str) -> list[int]:
    """In a place, before it ran there, or of its tests."""
    began = first_run([steps], version)
    mine = [it for it in steps if it.version == version and it.what in ("failed", "rolled back", "tests failed")]
    return [it.at for it in mine if it.what == "tests failed" or began is None or it.at < began]


def taken_back(steps: Steps, version: str) -> list[int]:
    """When it ran and it was proposed to go back to another."""
    return [it.at for it in steps if it.what == "proposed" and it.version != version == ran_at(steps, it.at)]


def ran_at(steps: Steps, at: int) -> str | None:
    return next((it.version for it in reversed(steps) if it.what == "up" and it.at < at), None)


def follows_a_failure(places: list[Steps], version: str, began: int) -> bool:
    """No version but this one began since another had failed."""
    versions = {it.version for steps in places for it in steps if it.what != "proposed"}
    broke = [at for it in versions - {version} if (at := first_failure(places, it)) is not None and at < began]
    others = [at for it in versions - {version} if (at := first_run(places, it)) is not None and at < began]
    return bool(broke) and max(broke) > max(others, default=0)


def well_again(places: list[Steps], version: str, since: int, ends: int) -> int | None:
    """When it failed in no place any more."""
    for steps in places:
        if since in taken_back(steps, version):
            return min(
                (it.at for it in steps if it.what == "up" and it.at > since and it.version != version), default=None
            )
    spells = [
        (broke[0], well_in(steps, broke[0], ends)) for steps in places if (broke := sorted(failures(steps, version)))
    ]
    end = float(since)
    while ill := [well for broke, well in spells if broke <= end < well]:
        end = max(ill)
    return None if end == inf else int(end)


def well_in(steps: Steps, since: int, ends: int) -> float:
    up = [it.at for it in steps if it.what == "up" and it.at > since]
    back = [it.at + it.lag for it in steps if it.what == "rolled back" and it.at >= since]
    return min((at for at in (*up, *back) if at < ends), default=inf)


def brought(life: Life, places: list[Steps]) -> list[tuple[int, int]]:
    """When each commit began to run, and how long after it was committed."""
    runs = {it.number: at for it in life.releases if (at := first_run(places, it.version)) is not None}
    first: dict[str, tuple[int, int]] = {}
    for it in life.releases:
        later = {number: at for number, at in runs.items() if number >= it.number}
        if not later:
            continue
        bringer = min(later, key=lambda number: later[number])
        at = later[bringer]
        before = [number for number, when in runs.items() if when < at]
        own = [each.number for each in life.releases if each.commit == it.commit]
        if (bringer == it.number or before) and not any(number in before for number in own):
            found = (at, at - it.committed)
            first[it.commit] = min(first.get(it.commit, found), found, key=lambda each: each[0])
    return list(first.values())
