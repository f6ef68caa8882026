"""What a story plays in: the service's checkout, the release tool, namespaces with their secrets, what runs in them."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.builders import Ran
from tests.e2e import database, images, recorder
from tests.e2e.fleet import Fleet
from tests.e2e.told import Ledger
from tools.cluster.kubernetes import Kubernetes, ready
from tools.cluster.waiting import wait_for
from tools.cluster.world import World
from tools.demo import world as demo

HELM = "/apis/helm.toolkit.fluxcd.io/v2/namespaces"


@dataclass
class Scene:
    world: World
    folder: Path
    password: str
    keys: Mapping[str, str]
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def cluster(self) -> Kubernetes:
        return self.world.cluster

    @cached_property
    def env(self) -> dict[str, str]:
        return demo.environment(self.folder)

    @cached_property
    def clone(self) -> Path:
        return demo.clone_of_the_checkout(self.folder, self.env)

    @cached_property
    def image(self) -> str:
        return images.push(f"{self.world.registry}/waybill")

    def fleet(self, name: str) -> Fleet:
        found = Fleet(name, self.world.forge, self.cluster, self.folder / name, self.env)
        found.create()
        return found

    def namespace(self, name: str) -> None:
        """What an administrator prepares in it: the webhook's keys, and the database's address."""
        self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        where = f"postgresql://postgres:{self.password}@database:{database.PORT}/{name}"
        self.cluster.apply(
            secret(name, "waybill-webhook", {"token": self.keys[name]}),
            secret(name, "waybill-keys", {"keys.json": json.dumps({it: [key] for it, key in self.keys.items()})}),
            secret(name, "waybill-database", {"url": where}),
            *database.service(name),
        )

    def record(self, namespace: str) -> None:
        self.cluster.apply(*recorder.alerts(namespace))

    def waybill(self, *arguments: str, **more: str) -> Ran:
        """The release tool of this checkout in the service's clone, with the story's settings."""
        program = ["env", f"PYTHONPATH={demo.CHECKOUT}", sys.executable, "-P", "-m", "scripts"]
        env = self.env | self.settings | more
        done = subprocess.run(
            [*program, *arguments], cwd=self.clone, env=env, capture_output=True, text=True, check=False
        )
        with (self.folder / "waybill.log").open("a") as log:
            log.write(f"$ waybill {' '.join(arguments)}\n{done.stderr}{done.stdout}exit code {done.returncode}\n\n")
        return Ran(done.returncode, done.stdout, done.stderr)

    def ship(self, image: str) -> str:
        """Ships `image` and returns the version."""
        ran = self.waybill("ship", "--image", image, "--json")
        assert ran.code == 0, ran.stderr
        version: str = ran.json["chart"]["version"]
        return version

    def commit(self, message: str) -> None:
        """A commit of the service's people."""
        (self.clone / "NOTES.md").write_text(f"{message}\n")
        for words in (["add", "NOTES.md"], ["commit", "--quiet", "--message", message], ["push", "--quiet"]):
            demo.run(["git", *words], self.env, self.clone)

    def helm_release(self, namespace: str) -> dict[str, Any] | None:
        return self.cluster.get(f"{HELM}/{namespace}/helmreleases/waybill")

    def installed(self, namespace: str, version: str, seconds: float = 180) -> dict[str, Any]:
        """The HelmRelease once it reports `version` as Ready."""

        def check() -> dict[str, Any] | None:
            found = self.helm_release(namespace)
            history = (found or {}).get("status", {}).get("history", [])
            same = history and history[0]["chartVersion"].partition("+")[0] == version
            return found if found and same and ready(found) else None

        return wait_for(f"{version} to be Ready in {namespace}", check, seconds)

    def pods(self, namespace: str) -> list[dict[str, Any]]:
        label = "labelSelector=app.kubernetes.io/component%3Dledger"
        return self.cluster.items(f"/api/v1/namespaces/{namespace}/pods?{label}")

    def ledger(self, namespace: str) -> Ledger:
        return Ledger(self.cluster, namespace)


def secret(namespace: str, name: str, data: dict[str, str]) -> dict[str, Any]:
    meta = {"namespace": namespace, "name": name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": data}
