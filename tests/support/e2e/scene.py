"""The setting of the tests: namespaces with their secrets, GitOps repos, and what runs there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.support.e2e import database, images, recorder
from tests.support.e2e.fleet import Fleet
from tests.support.e2e.ledger import Ledger
from tests.support.e2e.releaser import Releaser
from tools.cluster.kubernetes import Kubernetes, ready
from tools.cluster.waiting import wait_for, wait_until_steady
from tools.cluster.world import World
from tools.demo import world as demo

HELM = "/apis/helm.toolkit.fluxcd.io/v2/namespaces"


@dataclass
class Scene:
    """`keys` are the webhook keys of the environments. An environment's namespace has its name.

    `empty` has the objects in each namespace before anything is released to it.
    """

    world: World
    folder: Path
    password: str
    keys: Mapping[str, str]
    empty: dict[str, set[str]] = field(default_factory=dict)

    @property
    def cluster(self) -> Kubernetes:
        return self.world.cluster

    @cached_property
    def image(self) -> str:
        return images.push(f"{self.world.registry}/waybill")

    def fleet(self, name: str, environments: list[str], ledger: str = "") -> Fleet:
        """A GitOps repo with its environments set up. All of them report to the ledger in the namespace `ledger`, by
        default the first of them."""
        env = demo.environment(self.folder)
        found = Fleet(name, self.world.forge, self.cluster, self.folder / name, env)
        found.create()
        for it in environments:
            self._prepare(it)
            found.join(it, it, f"http://waybill.{ledger or environments[0]}.svc.cluster.local/hooks/flux/{it}")
            self.cluster.apply(*recorder.alerts(it))
        for it in environments:
            self.empty[it] = wait_until_steady(f"the objects in {it}", lambda it=it: self.objects(it))  # type: ignore[misc]
        return found

    def releaser(self, fleet: Fleet, environments: list[str], **more: str) -> Releaser:
        settings = {
            "WAYBILL_REGISTRY": f"oci://{self.world.registry}/charts/{fleet.name}",
            "WAYBILL_PLAIN_HTTP": "true",
            "WAYBILL_GITOPS": fleet.url,
            "WAYBILL_FORGE": "gitea",
            "WAYBILL_FORGE_TOKEN": self.world.forge.token,
            "WAYBILL_ENVIRONMENTS": ",".join(environments),
            "WAYBILL_NAMESPACE": ",".join(f"{it}={it}" for it in environments),
            "WAYBILL_SERVICE_ACCOUNT": "releases",
        }
        return Releaser(self.folder / f"{fleet.name}-releaser", settings | more)

    def helm_release(self, namespace: str) -> dict[str, Any] | None:
        return self.cluster.get(f"{HELM}/{namespace}/helmreleases/waybill")

    def installed(self, namespace: str, version: str, seconds: float = 300) -> dict[str, Any]:
        """The HelmRelease, as soon as it is Ready with `version`."""

        def check() -> dict[str, Any] | None:
            found = self.helm_release(namespace)
            history = (found or {}).get("status", {}).get("history", [])
            same = history and history[0]["chartVersion"].partition("+")[0] == version
            return found if found and same and ready(found) else None

        return wait_for(f"{version} to be Ready in {namespace}", check, seconds)

    def objects(self, namespace: str) -> set[str]:
        """All objects in the namespace, except events and those that Kubernetes puts into every namespace."""
        listed = self.cluster.kubectl("api-resources", "--namespaced", "--verbs=list", "--output=name").split()
        kinds = ",".join(it for it in listed if not it.startswith("events"))
        found = self.cluster.kubectl("get", kinds, "-n", namespace, "--ignore-not-found", "--output=name").split()
        return set(found) - {"configmap/kube-root-ca.crt", "serviceaccount/default"}

    def events(self, namespace: str, reason: str) -> list[bytes]:
        """The events that Flux sent about the HelmReleases in `namespace`, as soon as there is one.

        Each Alert has its own delivery: a ledger may have an event before the recorder has it, and the reverse.
        """
        folder = self.folder / "events"
        return wait_for(f"Flux to send {reason}", lambda: recorder.received(folder, namespace, reason))

    def observe(self, job: str, namespace: str, observer: str) -> None:
        """Run the observer, a CronJob in `namespace`, once."""
        self.cluster.kubectl("create", "job", job, "-n", namespace, f"--from=cronjob/{observer}")
        path = f"/apis/batch/v1/namespaces/{namespace}/jobs/{job}"
        wait_for(f"{job} to be done", lambda: ready(self.cluster.get(path), "Complete"), 180)

    def ledger(self, namespace: str) -> Ledger:
        return Ledger(self.cluster, namespace)

    def _prepare(self, name: str) -> None:
        """What an administrator creates in a namespace: the webhook keys and the address of the database."""
        self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        where = f"postgresql://postgres:{self.password}@database:{database.PORT}/{name}"
        self.cluster.apply(
            secret(name, "waybill-webhook", {"token": self.keys[name]}),
            secret(name, "waybill-keys", {"keys.json": json.dumps({it: [key] for it, key in self.keys.items()})}),
            secret(name, "waybill-database", {"url": where}),
            *database.service(name),
        )


def secret(namespace: str, name: str, data: dict[str, str]) -> dict[str, Any]:
    meta = {"namespace": namespace, "name": name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": data}
