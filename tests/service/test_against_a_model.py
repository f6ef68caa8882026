"""Whatever is said and filed in whatever order, the ledger answers as the model does.

In `make test` some hundred steps on each database, in `make torture` 100,000.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from service.database.piccolo_conf import Engine, engine_for, use
from service.database.tables import TABLES
from service.domain import lane, reasons
from service.domain.identity import sha256
from service.domain.parse import parse
from service.ledger import history
from service.ledger.arrivals import list as arrivals
from service.ledger.environments import state as environments
from service.ledger.environments.at_time import state_at
from service.ledger.events import take as events
from service.ledger.events import take_snapshot as snapshots
from service.ledger.history_rows import HistoryFilter
from service.ledger.releases import file as releases
from service.ledger.releases import read as filed

from ..support.service import pooler
from ..support.service.model import Model
from ..support.service.model_inputs import (
    BEGINNING,
    DIGESTS,
    ENVIRONMENTS,
    EPOCH,
    EVENTS,
    MOMENTS,
    NAMES,
    ONE_MOMENT,
    SNAPSHOTS,
    VERSIONS,
    observed,
    spoken,
)
from ..support.service.model_place import SEQUENCE, Said
from ..support.service.served import document
from ..support.service.sizes import size

TOLD = ("environment", "place", "service", "when", "version", "cause", "to", "kind")


def digest_of(version: str) -> str:
    return f"sha256:{hashlib.sha256(version.encode()).hexdigest()}"


class Ledger(RuleBasedStateMachine):
    engine: Engine
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.looked = set[tuple[str, int]]()
        self.runner.run(self._empty())

    async def _empty(self) -> None:
        async with self.engine.transaction():
            for table in reversed(TABLES):
                await table.delete(force=True)

    @rule(environment=st.sampled_from(ENVIRONMENTS), several=st.lists(EVENTS, min_size=1, max_size=6))
    def say(self, environment: str, several: list[dict[str, Any]]) -> None:
        for it in several:
            body, said = spoken(**it)
            self.runner.run(_take(environment, body, datetime.fromtimestamp(said.received, UTC)))
            self.model.take(environment, body, said.received, [said])
        self.compare(environment)

    @rule(environment=st.sampled_from(ENVIRONMENTS), it=SNAPSHOTS)
    def observe(self, environment: str, it: dict[str, Any]) -> None:
        body, told, received = observed(**it, known=self.model.known(environment))
        taken = EPOCH + it["taken"]
        counts_at = received if taken > received + 60 else taken
        if (environment, counts_at) in self.looked:
            return  # two of one moment, of which one comes first by chance
        self.looked.add((environment, counts_at))
        self.runner.run(_observe(environment, body, datetime.fromtimestamp(received, UTC)))
        if "apps" in it["namespaces"]:
            self.model.list_names(environment, counts_at, it["listed"])
        self.model.take(environment, body, received, told)
        self.compare(environment)

    @rule(several=ONE_MOMENT)
    def say_of_one_moment(self, several: list[dict[str, Any]]) -> None:
        """In an environment where nothing else is said."""
        self.say(f"alone-{len(self.model.said)}", several)

    @rule(service=st.sampled_from(NAMES), version=st.sampled_from(VERSIONS))
    def file(self, service: str, version: str) -> None:
        whole = document(service, version, chart={"digest": DIGESTS[0]}, image={"digest": digest_of(version)})
        self.runner.run(_file(whole))
        if all((it["service"], it["chart"]["version"]) != (service, version) for it in self.model.filed):
            self.model.filed.append(whole)

    @rule(environment=st.sampled_from(ENVIRONMENTS), at=MOMENTS)
    def what_ran_at(self, environment: str, at: int) -> None:
        state = self.runner.run(state_at(environment, BEGINNING + timedelta(seconds=at, milliseconds=500)))
        assert (state is not None) == (environment in self.model.said)
        if state is not None:
            assert _told(state.services) == self.model.runs(environment, EPOCH + at)

    @rule(service=st.sampled_from(NAMES), version=st.sampled_from(VERSIONS), limit=st.sampled_from([1, 3, 100]))
    def arrivals(self, service: str, version: str, limit: int) -> None:
        ran = self.model.ran()
        of_service = _sorted(it for _, it in ran if it["service"] == service)
        assert self.pages(lambda cursor: arrivals.of_service(service, cursor, limit)) == of_service
        for name in self.model.said:
            here = [it for it in of_service if it["environment"] == name]
            assert self.pages(lambda cursor, name=name: arrivals.in_environment(name, service, cursor, limit)) == here
        digest = digest_of(version)
        of_image = _sorted(it for _, it in ran if it["release"]["known"] and it["release"]["image"].endswith(digest))
        assert self.pages(lambda cursor: arrivals.of_digest(digest, cursor, limit)) == of_image
        for digest in DIGESTS:
            of_chart = _sorted(it for began, it in ran if self._chart_digest(began) == digest)
            assert self.pages(lambda cursor, digest=digest: arrivals.of_digest(digest, cursor, limit)) == of_chart
        whole = self.runner.run(filed.full_record(service, version))
        url = f"/releases/{service}/{version}"
        found = _sorted(_plain(whole.arrivals.items)) if whole else []
        assert found == _sorted(it for _, it in ran if it["release"]["url"] == url)

    @rule(
        service=st.none() | st.sampled_from(NAMES),
        environment=st.none() | st.sampled_from(ENVIRONMENTS),
        kind=st.none() | st.sampled_from(history.KINDS),
        since=st.none() | MOMENTS,
        limit=st.sampled_from([1, 3, 100]),
    )
    def history(
        self, service: str | None, environment: str | None, kind: str | None, since: int | None, limit: int
    ) -> None:
        begins = None if since is None else BEGINNING + timedelta(seconds=since)
        found = self.occurred(HistoryFilter(service, environment, kind, begins), limit)
        wanted = {"service": service, "environment": environment, "kind": kind}
        known = [it for it in self.model.history() if since is None or it["when"] >= EPOCH + since]
        assert found == _by_text(
            it for it in known if all(value is None or it[name] == value for name, value in wanted.items())
        )

    def occurred(self, wanted: HistoryFilter, limit: int) -> list[Any]:
        found, cursor = list[Any](), None
        while True:
            page = self.runner.run(history.history(wanted, cursor, limit))
            assert len(page.items) <= limit
            found += _plain(page.items)
            cursor = page.next
            if cursor is None:
                assert len({it["id"] for it in found}) == len(found)
                assert [it["when"] for it in found] == sorted((it["when"] for it in found), reverse=True)
                return _by_text({name: it[name] for name in TOLD} for it in found)

    def _chart_digest(self, began: Said) -> str | None:
        release = self.model.release(began)
        return began.digest or (release["chart"]["digest"] if release else None)

    def compare(self, environment: str) -> None:
        state = self.runner.run(environments.state_of(environment))
        assert state is not None
        told, known = _told(state.services), self.model.runs(environment)
        assert told == known, [(one[key], key) for one in (told + known) for key in one][:1] and [
            (key, one[key], two[key])
            for one, two in zip(told, known, strict=False)
            for key in one
            if one[key] != two[key]
        ]
        occurred = self.occurred(HistoryFilter(environment=environment), 5)
        assert occurred == _by_text(it for it in self.model.history() if it["environment"] == environment)
        assert int(state.last_confirmed_at.timestamp()) == self.model.confirmed[environment]
        listed = self.pages(lambda cursor: arrivals.in_environment(environment, None, cursor, 5))
        assert listed == _sorted(it for _, it in self.model.ran() if it["environment"] == environment)

    def pages(self, ask: Any) -> list[Any]:
        found, cursor = [], None
        while True:
            page = self.runner.run(ask(cursor))
            found += _plain(page.items)
            if page.next is None:
                assert [it["from"] for it in found] == sorted((it["from"] for it in found), reverse=True)
                return _sorted(found)
            cursor = page.next


def _by_text(found: Iterable[Any]) -> list[Any]:
    return sorted(found, key=lambda it: json.dumps(it, sort_keys=True))


async def _take(environment: str, body: bytes, received: datetime) -> None:
    await events.take(events.Signed(environment, body, received))


async def _observe(environment: str, body: bytes, received: datetime) -> None:
    await snapshots.take(events.Signed(environment, body, received))


async def _file(whole: dict[str, Any]) -> None:
    parsed, text = parse(json.dumps(whole).encode())
    await releases.file(releases.Filing(parsed, text, sha256(parsed), BEGINNING))


def _plain(found: Any) -> Any:
    """As JSON has it, with times in seconds since 1970."""

    def seconds(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: seconds(it) for key, it in value.items()}
        if isinstance(value, list):
            return [seconds(it) for it in value]
        return int(value.timestamp()) if isinstance(value, datetime) else value

    return seconds(msgspec.to_builtins(found, builtin_types=(datetime,)))


def _sorted(found: Iterable[Any]) -> list[Any]:
    """By their beginnings; of one second by their content."""
    return sorted(found, key=lambda it: (-it["from"], json.dumps(it, sort_keys=True)))


def _told(services: Any) -> list[Any]:
    """What the model knows of each place."""
    known = {
        *("service", "place", "health", "health_since", "health_cause", "since", "basis", "release", "attempt"),
        *("running_certain", "blocked", "suspended_since", "unmanaged", "drift_seen_at"),
    }
    found = [{name: it[name] for name in it if name in known} for it in _plain(services)]
    for it in found:
        it["blocked"] = it["blocked"] and (it["blocked"]["reason"], it["blocked"]["since"])
        it["unmanaged"] = it["unmanaged"] and (it["unmanaged"]["version"], it["unmanaged"]["since"])
    return found


@pytest.fixture
def machine(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Ledger]]:
    monkeypatch.setattr(lane, "CHECKPOINT", tuple("01234567"))
    with asyncio.Runner() as runner:
        engine = use(engine_for(database_url, pooler=pooler.MODE))
        runner.run(engine.start())
        yield type("Ledger", (Ledger,), {"engine": engine, "runner": runner})
        runner.run(engine.stop())


def run(machine: type[Ledger], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
            database=None,
            derandomize=bool(size(1, 0)),  # `make torture` tries others each time
        ),
    )


@pytest.mark.long
@pytest.mark.torture
def test_the_ledger_answers_as_the_model_does(
    machine: type[Ledger], record_property: Callable[[str, str], None]
) -> None:
    examples, steps = size(20, 2000), size(25, 50)
    run(machine, examples, steps)
    record_property("figure", f"up to {examples * steps} steps, no answer differed")


def test_the_model_has_every_reason_in_the_ledgers_order() -> None:
    """Random events seldom share a moment, so a wrong order could stay unnoticed above."""
    ranks = {name: it.rank for name, it in reasons.REASONS.items() if it.effect is not None}
    order = [{name for name in ranks if ranks[name] == rank} for rank in sorted(set(ranks.values()))]
    assert order == [set(step) for step in SEQUENCE]
