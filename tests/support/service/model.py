"""The model: what the ledger should answer, worked out anew from everything that was said to it. Slow, plain, and
written from what Flux does alone: it shares no table, helper or constant with the code that it judges."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .model_place import NO_EFFECT, Place, Said, in_order


@dataclass
class Model:
    said: dict[str, dict[tuple[str, int], Said]] = field(default_factory=dict)  # environment -> what was said
    filed: list[dict[str, Any]] = field(default_factory=list)  # in the order of filing
    bodies: set[tuple[str, bytes]] = field(default_factory=set)  # a body that comes again is no news
    confirmed: dict[str, int] = field(default_factory=dict)  # environment -> when it was last heard of
    listings: dict[str, tuple[int, set[str]]] = field(default_factory=dict)  # environment -> the newest of `apps`
    runs_of: dict[tuple[str, str], list[list[Said]]] = field(default_factory=dict)  # place -> runs of equal levels

    def take(self, environment: str, body: bytes, received: int, told: list[Said]) -> None:
        self.said.setdefault(environment, {})
        if (environment, body) not in self.bodies:
            self.bodies.add((environment, body))
            self.confirmed[environment] = max(received, self.confirmed.get(environment, 0))
            for it in [*told, *self._gone_by(environment, told)]:
                self._keep(environment, it)

    def _keep(self, environment: str, it: Said) -> None:
        """Of a run of equal levels, between which nothing was said, the ledger keeps the first and the last."""
        known = self.said.setdefault(environment, {})
        if (it.sha256, it.counts_at) in known or it.reason in NO_EFFECT:
            known.setdefault((it.sha256, it.counts_at), it)
            return
        before = self._ordered(environment, it.name)
        runs = self.runs_of.setdefault((environment, it.name), [])
        newest = max(runs, key=lambda run: run[-1].counts_at, default=None)
        last = max((each.counts_at for each in before), default=0)
        said_last = before[-1].sha256 if before and before[-1].counts_at == last else None
        if it.rank == 9 and newest and newest[0].sha256 == it.sha256 == said_last:
            if newest[0].counts_at <= it.counts_at <= newest[-1].counts_at:
                return
            if it.counts_at > newest[-1].counts_at:
                for each in newest[1:]:
                    del known[each.sha256, each.counts_at]
                newest[1:] = [it]
                known[it.sha256, it.counts_at] = it
                return
        known[it.sha256, it.counts_at] = it
        if self._ordered(environment, it.name)[-1] is not it:
            for run in [run for run in runs if len(run) > 1 and run[-1].counts_at >= it.counts_at]:
                runs.append([run.pop()])
        if it.rank == 9:
            runs.append([it])

    def _ordered(self, environment: str, name: str) -> list[Said]:
        said = self.said[environment].values()
        return in_order([it for it in said if it.name == name and it.reason not in NO_EFFECT])

    def list_names(self, environment: str, at: int, names: Iterable[str]) -> None:
        """What a complete list of the namespace had, if it is the newest."""
        if at >= self.listings.get(environment, (0, set()))[0]:
            self.listings[environment] = at, set(names)

    def _gone_by(self, environment: str, told: list[Said]) -> Iterator[Said]:
        """Who is heard of for the first time, and was not in a later list."""
        at, names = self.listings.get(environment, (0, set[str]()))
        for it in told:
            new = it.reason not in NO_EFFECT and it.name not in self.known(environment)
            if new and it.name not in names and it.counts_at < at:
                yield Said(it.name, "absent", "", at, at, 0, f"absent {it.name}")

    def known(self, environment: str) -> set[str]:
        return {it.name for it in self.said.get(environment, {}).values() if it.reason not in NO_EFFECT}

    def place(self, environment: str, name: str, until: int | None = None) -> Place:
        ordered = self._ordered(environment, name)
        if until is not None:
            place, last = Place(), 0
            for number, it in enumerate(ordered):
                turns = place.turns
                place.hear(it)
                if place.turns > turns and place.turned <= until:
                    last = number + 1
            ordered = ordered[:last] + [it for it in ordered[last:] if it.counts_at <= until]
        place = Place()
        for it in ordered:
            place.hear(it)
        return place

    def release(self, it: Said) -> dict[str, Any] | None:
        filed = (each for each in self.filed if each["service"] == self.service(it))
        return next((each for each in filed if each["chart"]["version"] == it.version), None)

    def service(self, it: Said) -> str:
        return it.service or it.chart or it.name

    def runs(self, environment: str, until: int | None = None) -> list[dict[str, Any]]:
        """The `services` of GET /environments/{environment}, by service and place; times in seconds."""
        found = []
        for name in self.known(environment):
            place = self.place(environment, name, until)
            named = place.runs.said if place.runs else place.failed if place.attempt else place.left and place.left.said
            if not named and not place.blocked:
                continue
            doubtful = place.health_since is not None and until is not None and place.health_since > until
            found.append(
                {
                    "service": self.service(named) if named else name,
                    "place": f"apps/{name}",
                    "health": "unknown" if doubtful else place.health,
                    "health_since": None if doubtful else place.health_since,
                    "health_cause": None if doubtful else place.cause,
                    "since": place.runs.since if place.runs else None,
                    "basis": place.runs.said.basis if place.runs else None,
                    "release": self.described(place.runs.said) if place.runs else None,
                    "attempt": place.attempt,
                    "running_certain": place.runs is not None and not place.uncertain,
                    "blocked": place.blocked,
                    "suspended_since": place.suspended,
                    "unmanaged": place.left and (place.left.said.version, place.gone),
                    "drift_seen_at": place.drifted,
                }
            )
        return sorted(found, key=lambda it: (it["service"], it["place"]))

    def ran(self) -> list[tuple[Said, dict[str, Any]]]:
        """Every arrival anywhere, newest first, each with what began it."""
        found = []
        for environment in self.said:
            for name in self.known(environment):
                place = self.place(environment, name)
                now = [(place.runs, None, place.runs.said.basis, None)] if place.runs else []
                for began, until, basis, ended_by in [*place.ran, *now]:
                    arrival = {
                        "environment": environment,
                        "place": f"apps/{name}",
                        "service": self.service(began.said),
                        "release": self.described(began.said),
                        "from": began.since,
                        "until": until,
                        "basis": basis,
                        "ended_by": ended_by,
                        "last_known_at": None,
                    }
                    found.append(((began.since, began.number, began.said.sha256, environment), began.said, arrival))
        return [(said, arrival) for _, said, arrival in sorted(found, key=lambda it: it[0], reverse=True)]

    def history(self) -> list[dict[str, Any]]:
        """What occurred anywhere, in no order."""
        found = []
        for said, arrival in self.ran():
            known = {"environment": arrival["environment"], "place": arrival["place"], "service": arrival["service"]}
            known |= {"when": arrival["from"], "version": said.version, "cause": said.reason, "to": None}
            found.append(known | {"kind": "arrived"})
            if arrival["release"]["mismatched"]:
                found.append(known | {"kind": "mismatched"})
        for environment in self.said:
            for name in self.known(environment):
                found += [
                    {
                        "environment": environment,
                        "place": f"apps/{name}",
                        "service": self.service(it.said) if it.said else name,
                        "when": it.at,
                        "version": it.said.version if it.said else None,
                        "cause": it.cause,
                        "to": it.to,
                        "kind": it.kind,
                    }
                    for it in self.place(environment, name).told
                ]
        return found

    def described(self, it: Said) -> dict[str, Any]:
        found = self.release(it)
        return {
            "version": it.version,
            "build": it.digest[7:19] if it.digest else None,
            "known": found is not None,
            "mismatched": bool(found and it.digest and it.digest != found["chart"]["digest"]),
            "image": self.images(found)[0][1] if found else None,
            "images": dict(self.images(found)) if found else {},
            "commit": found["source"]["commit"] if found else None,
            "url": f"/releases/{found['service']}/{it.version}" if found else None,
        }

    @staticmethod
    def images(waybill: dict[str, Any]) -> list[tuple[str, str]]:
        return [(it["name"], f"{it['repository']}@{it['digest']}") for it in waybill["images"]]
