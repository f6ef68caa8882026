"""HelmReleases of one small chart, each with a story of its own, side by side in one namespace."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.e2e.fleet import Fleet
from tests.support.e2e.ledger import Ledger
from tests.support.e2e.scene import HELM, Scene
from tools.cluster.kubernetes import ready
from tools.cluster.waiting import wait_for
from tools.demo.image import crane
from tools.demo.world import run

CHART = Path(__file__).parent / "story"
NAMESPACE = "stories"
REPOSITORY: dict[str, Any] = {
    "apiVersion": "source.toolkit.fluxcd.io/v1",
    "kind": "HelmRepository",
    "metadata": {"name": "stories", "namespace": NAMESPACE},
}


@dataclass
class Stories:
    """`ledger` is told of them; `specs` are the HelmReleases as the GitOps repo has them."""

    scene: Scene
    fleet: Fleet
    ledger: Ledger
    specs: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def repository(self) -> str:
        return f"oci://{self.scene.world.registry}/stories"

    def publish(self, version: str) -> str:
        """The digest of the chart's manifest."""
        folder = self.scene.folder / "stories"
        run(["helm", "package", CHART, "--version", version, "--destination", folder], self.fleet.env)
        run(["helm", "push", folder / f"story-{version}.tgz", self.repository, "--plain-http"], self.fleet.env)
        return crane("digest", "--insecure", f"{self.repository.removeprefix('oci://')}/story:{version}")

    def write(self, message: str, *, version: str = "1.0.0", **specs: dict[str, Any]) -> None:
        """Commit these HelmReleases with a chart of `version`; what `specs` has is put over what each had, and a value
        that is None is taken away."""
        for name, spec in specs.items():
            source = {"kind": "HelmRepository", "name": "stories"}
            chart = {"spec": {"chart": "story", "version": version, "sourceRef": source}}
            known = self.specs.get(name, {"interval": "10m"}) | {"chart": chart}
            values = known.get("values", {}) | spec.get("values", {})
            self.specs[name] = known | spec | {"values": {key: it for key, it in values.items() if it is not None}}
        self.fleet.at("main")
        whole = [REPOSITORY | {"spec": {"type": "oci", "insecure": True, "interval": "10m", "url": self.repository}}]
        whole += [
            {
                "apiVersion": "helm.toolkit.fluxcd.io/v2",
                "kind": "HelmRelease",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "spec": spec,
            }
            for name, spec in self.specs.items()
        ]
        (self.fleet.clone / "clusters" / NAMESPACE / "stories.yaml").write_text(yaml.safe_dump_all(whole))
        self.fleet.push(message)

    def release(self, name: str) -> dict[str, Any]:
        """The HelmRelease."""
        return self.scene.cluster.get(f"{HELM}/{NAMESPACE}/helmreleases/{name}") or {}

    def is_ready(self, name: str) -> bool:
        return ready(self.release(name))

    def look(self, name: str) -> None:
        """Have Flux reconcile it, as at its interval."""
        asked = {"reconcile.fluxcd.io/requestedAt": self.release(name)["metadata"]["resourceVersion"]}
        path = f"{HELM}/{NAMESPACE}/helmreleases/{name}"
        self.scene.cluster.patch(path, {"metadata": {"annotations": asked}})

    def has_looked(self, name: str) -> bool:
        it = self.release(name)
        asked = it["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"]
        return bool(it["status"].get("lastHandledReconcileAt") == asked)

    def drift(self, name: str, limit: int) -> None:
        """Change its Deployment behind Flux's back: the chart has 3."""
        path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}"
        self.scene.cluster.patch(path, {"spec": {"revisionHistoryLimit": limit}})
        self.look(name)

    def state(self, name: str) -> dict[str, Any]:
        """What the ledger says of it; empty: nothing."""
        found = (self.ledger.get(f"/environments/{NAMESPACE}") or {"services": []})["services"]
        states: list[dict[str, Any]] = [it for it in found if it["place"] == f"{NAMESPACE}/{name}"]
        return states[0] if states else {}

    def wait_until(self, name: str, what: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        def check() -> dict[str, Any] | None:
            said = self.state(name)
            return said if said and holds(said) else None

        return wait_for(f"the ledger to say that {name} {what}", check)

    def history(self, name: str) -> list[tuple[str, str | None]]:
        """What occurred there, oldest first: the kind, and the version that it is about."""
        items = self.ledger.get(f"/history?environment={NAMESPACE}&service=story&limit=200")["items"]
        return [(it["kind"], it["version"]) for it in reversed(items) if it["place"] == f"{NAMESPACE}/{name}"]

    def told(self, name: str) -> list[str]:
        """The reasons of all events that Flux sent of it, in the order in which they came."""
        bodies = [json.loads(it.read_bytes()) for it in sorted((self.scene.folder / "events").glob("*-HelmRelease-*"))]
        return [
            it["reason"]
            for it in bodies
            if (it["involvedObject"]["namespace"], it["involvedObject"]["name"]) == (NAMESPACE, name)
        ]
