"""A ledger as a process of its own, as a user runs it, and Flux's part in telling it what runs."""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.service.replica import command, replica
from tests.support.service.served import event, signature


@dataclass(frozen=True)
class RunningLedger:
    """`token` may file releases of the service that the ledger was started for."""

    url: str
    token: str
    keys: Mapping[str, str]
    database_url: str

    @property
    def env(self) -> dict[str, str]:
        """What makes `waybill` use it."""
        return {"WAYBILL_LEDGER": self.url, "WAYBILL_LEDGER_TOKEN": self.token}

    def grants(self, *scopes: str, service: str | None = None) -> str:
        """A token of its own."""
        return _token(self.database_url, scopes, service)

    def hears(self, environment: str, revision: str, reason: str = "InstallSucceeded", **more: Any) -> None:
        """Flux reports `reason` of `revision` from `environment`; `more` as `event` takes it."""
        body = json.dumps(event(reason, revision, **more)).encode()
        headers = {"X-Signature": signature(body, self.keys[environment])}
        answer = httpx.post(f"{self.url}/hooks/flux/{environment}", content=body, headers=headers)
        assert answer.status_code == 201, answer.text

    def tells(self, path: str) -> Any:
        return httpx.get(f"{self.url}{path}").raise_for_status().json()


@contextmanager
def serving(folder: Path, service: str, environments: Sequence[str], **settings: str) -> Iterator[RunningLedger]:
    """A ledger with a fresh database in `folder`, which hears of `environments`."""
    folder.mkdir(parents=True, exist_ok=True)
    database_url = f"sqlite:///{folder / 'ledger.db'}"
    keys = {environment: secrets.token_hex(20) for environment in environments}
    with replica(database_url, folder / "log", FLUX_KEYS=json.dumps(keys), **settings) as it:
        yield RunningLedger(it.url, _token(database_url, ["releases:write"], service), keys, database_url)


def _token(database_url: str, scopes: Sequence[str], service: str | None) -> str:
    asked = [word for scope in scopes for word in ("--scope", scope)] + (["--service", service] if service else [])
    created = command(database_url, "token", "create", *asked)
    assert created.code == 0, created.stderr
    return created.stdout.strip()
