"""A ledger that answers in this process, and what tests send to it."""

import hashlib
import hmac
import json
import re
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
from litestar import Litestar

from service.app import create_app
from service.auth.quotas import Quotas
from service.auth.tokens import DeclaredTokens
from service.auth.webhook_key import FluxKeys
from service.database.lifespan import opened
from service.ledger import tokens
from service.settings import Settings
from tests.support.flux_events import recorded

from . import pooler

# As helm-controller names them in its messages.
RELEASE = re.compile(r"release [a-z0-9-]+/[a-z0-9-]+")
CHART = re.compile(r"chart [a-z0-9-]+@[0-9A-Za-z.+-]+")
KEYS = {
    "staging": ["staging-key-0123456789"],
    "production": ["production-key-0123456789", "production-next-0123456789"],
}


def document(service: str = "orders", version: str = "1.4.2", **parts: Mapping[str, Any]) -> dict[str, Any]:
    """A finished waybill; `chart={"digest": ...}` replaces single fields of a part, `image={...}` of the one image."""
    whole: dict[str, Any] = {
        "waybill": 2,
        "service": service,
        "images": [
            {
                "name": service,
                "repository": f"ghcr.io/acme/{service}",
                "digest": f"sha256:{'a' * 64}",
                "manifests": {"linux/amd64": f"sha256:{'1' * 64}", "linux/arm64/v8": f"sha256:{'2' * 64}"},
                "checked": True,
            }
        ],
        "source": {
            "repository": f"https://example.org/acme/{service}",
            "commit": "c" * 40,
            "committed_at": "2026-01-02T03:04:05Z",
            "release_commit": "d" * 40,
            "tag": f"{service}-{version}",
        },
        "chart": {
            "name": service,
            "version": version,
            "app_version": "c" * 12,
            "archive": f"sha256:{'e' * 64}",
            "repository": "oci://ghcr.io/acme/charts",
            "digest": f"sha256:{'f' * 64}",
        },
    }
    whole["images"][0] |= parts.pop("image", {})
    for name, part in parts.items():
        whole[name] = {**whole.get(name, {}), **part}
    return whole


def gitops(commit: str = "1", environment: str = "staging") -> dict[str, Any]:
    return {
        "repository": "https://example.org/acme/gitops",
        "branch": "apps/orders",
        "commit": commit * 40,
        "places": [{"environment": environment, "place": "apps/orders"}],
        "kind": "ship",
    }


def event(reason: str = "InstallSucceeded", revision: str = "1.4.2", **more: Any) -> dict[str, Any]:
    """An event that Flux once sent, made to be about another HelmRelease, without annotations; `at`: default now."""
    at = more.pop("at", datetime.now(UTC))
    name, namespace = more.pop("name", "orders"), more.pop("namespace", "apps")
    said = recorded(reason)
    message = said["message"] if said else f"Helm: {reason} for release a/b with chart b@0"
    said = said or recorded("UpgradeSucceeded") or {}
    it = {"namespace": namespace, "name": name, "resourceVersion": str(more.pop("resource_version", 1))}
    it["uid"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{namespace}/{name}"))  # one object, as long as no test says more
    message = RELEASE.sub(f"release {namespace}/{name}", CHART.sub(f"chart {name}@{revision}", message))
    return {
        **said,
        "involvedObject": said["involvedObject"] | it,
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "message": message,
        "reason": reason,
        "metadata": {"revision": revision},
    } | more


def signature(body: bytes, key: str) -> str:
    return f"sha256={hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}"


@dataclass
class Served:
    http: httpx.AsyncClient

    async def token(self, *scopes: str, service: str | None = None, lifetime: timedelta = timedelta(days=1)) -> str:
        return await tokens.create("test", scopes, service, lifetime)

    async def file(self, whole: Mapping[str, Any], token: str | None = None) -> httpx.Response:
        shown = token or await self.token("releases:write")
        return await self.http.post("/releases", json=whole, headers={"Authorization": f"Bearer {shown}"})

    async def say(self, said: Mapping[str, Any] | bytes, environment: str = "staging") -> httpx.Response:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        headers = {"X-Signature": signature(body, KEYS[environment][0])}
        return await self.http.post(f"/hooks/flux/{environment}", content=body, headers=headers)

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()


@cache
def _created() -> Litestar:
    """One for all tests, which is given each one's settings: they change nothing else of it."""
    return create_app(Settings.from_environment({}))


@asynccontextmanager
async def served(database_url: str, **settings: str) -> AsyncIterator[Served]:
    """The whole ledger but its sockets: limits, log lines and errors as `waybill-service serve` has them."""
    given = {"DATABASE_URL": database_url, "DATABASE_POOLER": pooler.MODE, "FLUX_KEYS": json.dumps(KEYS), **settings}
    app = _created()
    app.state.settings = Settings.from_environment(given)
    app.state.flux_keys = FluxKeys(app.state.settings.flux_keys)
    app.state.tokens = DeclaredTokens(app.state.settings.tokens)
    app.state.quotas = Quotas(app.state.settings.event_quota)
    transport = httpx.ASGITransport(app)
    async with (
        opened(database_url, app.state.settings.database_pooler),
        app.lifespan(),
        httpx.AsyncClient(transport=transport, base_url="http://ledger") as http,
    ):
        yield Served(http)
