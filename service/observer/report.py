"""What the ledger was told: of each namespace the whole, then what has changed since."""

from datetime import datetime
from pathlib import Path

import httpx

from ..domain.level import tells_nothing
from ..domain.signature import signed
from ..domain.snapshot import Snapshot, level_of
from .cluster import ClusterView
from .settings import ObserverSettings
from .snapshot import Part, changes, encode, posted, whole


class LedgerReport:
    """One that was just made has told nothing. `cluster`: the name of the one that is looked at."""

    def __init__(self, settings: ObserverSettings, cluster: str, ledger: httpx.AsyncClient) -> None:
        self._settings, self._cluster, self._ledger = settings, cluster, ledger
        self._told = dict[str, dict[str, int]]()  # by namespace and name: the hash of the level

    async def post(self, view: ClusterView, taken_at: datetime) -> None:
        """Raises httpx.HTTPError; what was not posted is told next time, as it is then."""
        for namespace, found in view.helmreleases.items():
            released = [posted(it, view.pods) for it in found]
            levels = {it.name: level_of(it, taken_at) for it in released}
            now = {name: hash(level) for name, level in levels.items()}
            told = self._told.get(namespace)
            if told is None:
                parts = whole(namespace, released)
            else:
                now |= {it: told[it] for it in told if it in levels and tells_nothing(levels[it])}
                new = (it for it in released if now[it.name] != told.get(it.name))
                parts = changes(namespace, new, sorted(told.keys() - now.keys()))
            for part in parts:
                await self._post(part, taken_at)
            self._told[namespace] = now

    async def _post(self, part: Part, taken_at: datetime) -> None:
        released, ranges = part
        round_seconds = self._settings.round_seconds or None
        body = encode(Snapshot(taken_at, released, ranges, round_seconds=round_seconds, cluster=self._cluster))
        key = self._settings.flux_key
        secret = key.read_bytes().strip() if isinstance(key, Path) else key
        headers = {"Content-Type": "application/json", "X-Signature": f"sha256={signed(secret, body)}"}
        url = f"{self._settings.ledger_url}/hooks/flux/{self._settings.environment}/snapshot"
        answer = await self._ledger.post(url, content=body, headers=headers)
        answer.raise_for_status()
