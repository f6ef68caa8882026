"""A client of a ledger in the cluster, through its Service."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.e2e.pods import settled
from tests.support.e2e.relay import relayed
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

    @property
    def loopback(self) -> str:
        """Its address for the release tool."""
        return relayed(self.host)

    def page(self, path: str) -> httpx.Response:
        return self._asked("GET", path)

    def get(self, path: str) -> Any:
        """The answer as JSON; None if the ledger does not know `path`."""
        answer = self.page(path)
        return answer.json() if answer.is_success else None

    def _asked(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The first answer that is no failure of the server. While pods are replaced, or a database is slow, a request
        may fail; each may be sent again."""

        def ask() -> httpx.Response | None:
            try:
                answer = httpx.request(method, f"{self.url}{path}", trust_env=False, timeout=30, **options)
            except httpx.HTTPError:
                return None
            return None if answer.is_server_error else answer

        return wait_for(f"the ledger to answer {method} {path}", ask)

    def file(self, release: dict[str, Any], token: str) -> None:
        answer = self._asked("POST", "/releases", json=release, headers={"Authorization": f"Bearer {token}"})
        assert answer.is_success, answer.text

    def hear(self, environment: str, key: str, body: bytes) -> int:
        """Send an event signed with the environment's key; returns the status of the answer."""
        headers = {"X-Signature": flux.sign(body, key)}
        return self._asked("POST", f"/hooks/flux/{environment}", content=body, headers=headers).status_code

    def token(self, service: str) -> str:
        """A new token that may file releases of `service`."""
        make = ["waybill-service", "token", "create", "--scope", "releases:write", "--service", service]
        pod = settled(self.cluster, self.namespace)[0]  # in a pod that is being removed the command could be cut off
        return self.cluster.kubectl("exec", "-n", self.namespace, pod, "-c", "ledger", "--", *make)

    def running(self, environment: str) -> dict[str, Any]:
        """The state of the service `waybill` in the environment; empty when it does not run there."""
        found = self.get(f"/environments/{environment}") or {"services": []}
        services: list[dict[str, Any]] = [it for it in found["services"] if it["service"] == "waybill"]
        assert len(services) <= 1, services
        return services[0] if services else {}

    def wait_until(self, environment: str, what: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The state as soon as it `holds`."""

        def check() -> dict[str, Any] | None:
            said = self.running(environment)
            return said if said and holds(said) else None

        return wait_for(f"the ledger to say that {what}", check)

    def arrivals(self, environment: str) -> list[dict[str, Any]]:
        found = self.get(f"/environments/{environment}/arrivals?service=waybill&limit=200")
        items: list[dict[str, Any]] = found["items"]
        return items

    def filed(self, service: str) -> set[str]:
        """Every filed version of `service`."""
        versions, path = set(), f"/releases?service={service}&limit=200"
        while path:
            page = self.get(path)
            versions |= {it["chart"]["version"] for it in page["items"]}
            path = page["next"] and f"/releases?service={service}&limit=200&cursor={page['next']}"
        return versions
