"""Half a year of a fleet: releases that arrive, stage by stage, and what goes wrong on the way; how it stands at the
end is written in `ending.py`. The same fleet and the same moment give the same story."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal, NamedTuple

from . import documents
from .fleet import Fleet

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CAUSES = (
    "timeout waiting for: [Deployment/{place} status: 'InProgress']",
    "failed post-install: 1 error occurred:\n\t* job {name}-migrate failed: BackoffLimitExceeded",
    "failed to create resource: admission webhook denied the request: memory limit missing",
)


class Step(NamedTuple):
    """What is sent at a moment: a waybill, or what an environment says."""

    at: datetime
    kind: Literal["filing", "event", "snapshot"]
    environment: str
    body: dict[str, Any] | bytes
    silent_after: int = 0


class Teller:
    """Tells one service's steps. `newest` is the version that each environment runs, or failed to."""

    def __init__(self, fleet: Fleet, service: str, number: int) -> None:
        self.fleet, self.service = fleet, service
        self.random = Random(f"{service} {len(fleet.services)}")  # noqa: S311 - the same story each time
        self.numbers = iter(range(number * 1000 + 1, (number + 1) * 1000))
        self.runs = dict[str, str]()
        self.resource_version = 1000

    def places(self, environment: str) -> list[str]:
        """One, or for some services one for each of several tenants."""
        shared = self.service in ("web", "media") and environment.startswith("production")
        return [f"{it}/{self.service}" for it in (("shop", "shop-b2b") if shared else ("shop",))]

    def file(self, version: str, stage: tuple[str, ...], at: datetime, whole: dict[str, Any], kind: str) -> Step:
        there = [(environment, place) for environment in stage for place in self.places(environment)]
        gitops = documents.proposal(self.service, version, kind, there, next(self.numbers))
        return Step(at, "filing", "", whole | {"gitops": gitops})

    def say(
        self, reason: str, version: str, environment: str, at: datetime, place: str | None = None, **more: Any
    ) -> Iterator[Step]:
        """`more`: `message` and `annotations` of documents.Said."""
        ours = more.get("annotations", documents.annotations(self.service, version))
        for each in [place] if place else self.places(environment):
            self.resource_version += 1
            where = (environment, each, at, self.resource_version)
            said = documents.Said(reason, self.service, version, *where, more.get("message", ""), ours)
            yield Step(at, "event", environment, documents.event(said))

    def arrive(self, version: str, environment: str, at: datetime, **more: Any) -> Iterator[Step]:
        reason = "UpgradeSucceeded" if environment in self.runs else "InstallSucceeded"
        self.runs[environment] = version
        yield from self.say(reason, version, environment, at, **more)

    def fail(self, version: str, environment: str, at: datetime) -> Iterator[Step]:
        place = self.places(environment)[0]
        cause = self.random.choice(CAUSES).format(place=place, name=self.service)
        yield from self.say("UpgradeFailed", version, environment, at, place, message=cause)

    def roll_back(self, version: str, environment: str, at: datetime) -> Iterator[Step]:
        place, before = self.places(environment)[0], self.runs[environment]
        done = f"Helm rollback to previous release {place}.v7 with chart {self.service}@{before} succeeded"
        yield from self.say("RollbackSucceeded", before, environment, at, place, message=done)

    def drift(self, environment: str, at: datetime) -> Iterator[Step]:
        place, version = self.places(environment)[0], self.runs[environment]
        changed = f"Cluster state of release {place}.v7 has drifted from the desired state:\nDeployment/{place} changed"
        yield from self.say("DriftDetected", version, environment, at, place, message=changed)

    def correct(self, environment: str, at: datetime) -> Iterator[Step]:
        place, version = self.places(environment)[0], self.runs[environment]
        done = f"Cluster state of release {place}.v7 has been corrected:\nDeployment/{place} configured"
        yield from self.say("DriftCorrected", version, environment, at, place, message=done)


def half_a_year(teller: Teller, ends: datetime) -> Iterator[Step]:
    """From its first release until a day before `ends`."""
    random, fleet = teller.random, teller.fleet
    number = max(3, round(random.gauss(fleet.releases, fleet.releases / 3)))
    span = (fleet.days - 2) * DAY
    moments = sorted(ends - 2 * DAY - random.random() * span for _ in range(number))
    version = (random.randrange(1, 5), random.randrange(0, 9), 0)
    before: str | None = None
    for index, moment in enumerate(moments):
        following = moments[index + 1] if index + 1 < number else ends - DAY
        at = working(moment)
        text = ".".join(map(str, version))
        whole = documents.waybill(teller.service, text, before, random.randrange(1, 6), at)
        before = text
        version = next_version(random, version)
        yield from _way(teller, text, whole, at, following)


def _way(teller: Teller, version: str, whole: dict[str, Any], at: datetime, following: datetime) -> Iterator[Step]:
    """Stage by stage, as long as nothing fails and the next release does not overtake it."""
    random, kind = teller.random, "ship"
    for number, stage in enumerate(teller.fleet.stages):
        yield teller.file(version, stage, at, whole, kind)
        for environment in stage:
            at += (3 + random.expovariate(1 / 20)) * MINUTE
            if environment in teller.runs and random.random() < 0.035:
                yield from teller.fail(version, environment, at)
                if random.random() < 0.6:
                    yield from teller.roll_back(version, environment, at + 2 * MINUTE)
                    return
                at += random.uniform(10, 90) * MINUTE
            yield from teller.arrive(version, environment, at)
            if random.random() < 0.015:
                yield from teller.drift(environment, at + 5 * HOUR)
                yield from teller.correct(environment, at + 5 * HOUR + 4 * MINUTE)
        at = working(at + random.expovariate(1 / (6 + 30 * number)) * HOUR)
        if at > following or random.random() < 0.22:
            return
        kind = "promote"


def working(at: datetime) -> datetime:
    """People release between 7 and 18, Monday to Friday."""
    while at.weekday() > 4:
        at += DAY
    return at.replace(hour=7 + at.hour * 11 // 24, microsecond=0)


def next_version(random: Random, before: tuple[int, int, int]) -> tuple[int, int, int]:
    major, minor, patch = before
    part = random.random()
    if part < 0.03:
        return major + 1, 0, 0
    return (major, minor + 1, 0) if part < 0.35 else (major, minor, patch + 1)
