"""A ledger in the cluster, as its clients ask it through its Service."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.e2e.pods import settled
from tools.cluster.kubernetes import Kubernetes
from tools.cluster.waiting import wait_for
from tools.demo import flux


@dataclass(frozen=True)
class Ledger:
    cluster: Kubernetes
    namespace: str

    @property
    def host(self) -> str:
        found = self.cluster.get(f"/api/v1/namespaces/{self.namespace}/services/waybill")
        assert found, "there is no Service"
        address: str = found["spec"]["clusterIP"]
        return address

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def page(self, path: str) -> httpx.Response:
        """The answer, as soon as there is one: while pods come and go, a request may fail."""
        return wait_for(f"the ledger to answer {path}", lambda: self._ask(path))

    def get(self, path: str) -> Any:
        """The answer as JSON, or None for what the ledger does not know."""
        answer = self.page(path)
        return answer.json() if answer.is_success else None

    def _ask(self, path: str) -> httpx.Response | None:
        try:
            answer = httpx.get(f"{self.url}{path}", trust_env=False, timeout=30)
        except httpx.HTTPError:
            return None
        return None if answer.is_server_error else answer

    def hear(self, environment: str, key: str, body: bytes) -> int:
        """The status with which it takes an event from whoever knows the environment's key."""
        headers = {"X-Signature": flux.sign(body, key)}
        url = f"{self.url}/hooks/flux/{environment}"
        return httpx.post(url, content=body, headers=headers, trust_env=False, timeout=30).status_code

    def token(self, service: str) -> str:
        """As its administrator makes one."""
        make = ["waybill-service", "token", "create", "--scope", "releases:write", "--service", service]
        pod = settled(self.cluster, self.namespace)[0]  # one that leaves would end the command half-way
        return self.cluster.kubectl("exec", "-n", self.namespace, pod, "-c", "ledger", "--", *make)

    def running(self, environment: str) -> dict[str, Any]:
        """What the ledger says of itself: the one service that runs there, or nothing."""
        found = self.get(f"/environments/{environment}") or {"services": []}
        services: list[dict[str, Any]] = [it for it in found["services"] if it["service"] == "waybill"]
        assert len(services) <= 1, services
        return services[0] if services else {}

    def wait_until(self, environment: str, what: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """What it says as soon as that `holds`; a rollout that fails takes its time to do so."""

        def check() -> dict[str, Any] | None:
            said = self.running(environment)
            return said if said and holds(said) else None

        return wait_for(f"the ledger to say that {what}", check, 240)

    def history(self, environment: str) -> list[dict[str, Any]]:
        found = self.get(f"/environments/{environment}/arrivals?service=waybill&limit=200")
        items: list[dict[str, Any]] = found["items"]
        return items

    def filed(self, service: str) -> set[str]:
        """Every version of `service`."""
        versions, path = set(), f"/releases?service={service}&limit=200"
        while path:
            page = self.get(path)
            versions |= {it["chart"]["version"] for it in page["items"]}
            path = page["next"] and f"/releases?service={service}&limit=200&cursor={page['next']}"
        return versions
