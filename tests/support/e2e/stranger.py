"""A GitOps repo as `flux bootstrap` makes it, whose service Waybill never saw, and the commands of a page of docs/."""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.e2e.fleet import Fleet
from tests.support.e2e.scene import HELM, Scene
from tests.support.e2e.stories import CHART
from tools.cluster.waiting import wait_for
from tools.demo.image import crane
from tools.demo.world import CHECKOUT, environment, run

NAMESPACE = "shop"
SYNC = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m0s, ref: {branch: main}, url: "URL"}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec:
  interval: 10m0s
  path: ./clusters/staging
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
"""
SHOP = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: shop, namespace: flux-system}
spec:
  interval: 10m0s
  path: ./apps/shop
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
"""
RELEASE = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: shop}
spec: {type: oci, insecure: true, interval: 10m, url: "oci://REGISTRY/stranger"}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: cart, namespace: shop}
spec:
  interval: 10m
  chart: {spec: {chart: story, version: "VERSION", sourceRef: {kind: HelmRepository, name: charts}}}
  values: {image: "IMAGE"}
"""
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Stranger:
    """`fleet` is the GitOps repo of somebody who does not use Waybill."""

    scene: Scene
    fleet: Fleet

    @property
    def folder(self) -> Path:
        return self.scene.folder / "stranger"

    @property
    def image(self) -> str:
        repository = f"{self.scene.world.registry}/pause"
        return f"{repository}@{crane('digest', '--insecure', f'{repository}:1')}"

    def begin(self) -> None:
        """Bootstrap Flux, and let the service run."""
        self.folder.mkdir()
        for version in ("1.0.0", "1.1.0"):
            self.publish(CHART, version, f"oci://{self.scene.world.registry}/stranger")
        sync = SYNC.replace("URL", f"{self.fleet.url}.git")
        files = {"clusters/staging/flux-system/gotk-sync.yaml": sync, "clusters/staging/shop.yaml": SHOP}
        for path, text in files.items():
            (self.fleet.clone / path).parent.mkdir(parents=True, exist_ok=True)
            (self.fleet.clone / path).write_text(text)
        self.release("1.0.0")
        file = self.folder / "gotk-sync.yaml"
        file.write_text(sync)
        self.scene.cluster.kubectl("apply", "--server-side", "--filename", str(file))

    def publish(self, chart: Path, version: str, repository: str) -> None:
        run(["helm", "package", chart, "--version", version, "--destination", self.folder], self.fleet.env)
        name = next(line.split()[1] for line in (chart / "Chart.yaml").read_text().splitlines() if line[:5] == "name:")
        run(["helm", "push", self.folder / f"{name}-{version}.tgz", repository, "--plain-http"], self.fleet.env)

    def publish_ledger(self) -> str:
        """Waybill's chart, as it is published: it names its image. Returns its address."""
        run(["cp", "-r", CHECKOUT / "chart", self.folder / "chart"], self.fleet.env)
        repository, _, digest = self.scene.image.partition("@")
        values = self.folder / "chart/values.yaml"
        text = values.read_text().replace("ghcr.io/waybill-ledger/waybill", repository)
        values.write_text(text.replace(f"sha256:{'0' * 64}", digest))
        self.publish(self.folder / "chart", "0.1.0", where := f"oci://{self.scene.world.registry}/waybill-charts")
        return f"{where}/waybill"

    def release(self, version: str) -> None:
        """A commit by which Flux installs a version of the service's chart."""
        file = self.fleet.clone / "apps/shop/cart.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        words = {"REGISTRY": self.scene.world.registry, "VERSION": version, "IMAGE": self.image}
        text = RELEASE
        for word, said in words.items():
            text = text.replace(word, said)
        file.write_text(text)
        self.fleet.push(f"cart {version}")

    def helm_release(self) -> dict[str, Any]:
        return self.scene.cluster.get(f"{HELM}/{NAMESPACE}/helmreleases/cart") or {}

    def wait_until_it_runs(self, version: str) -> dict[str, Any]:
        def check() -> dict[str, Any] | None:
            found = self.helm_release()
            history = found.get("status", {}).get("history") or [{}]
            runs = history[0].get("chartVersion") == version and history[0].get("status") == "deployed"
            return found if runs else None

        return wait_for(f"cart {version} to run", check)

    def follow(self, page: str, words: Mapping[str, str]) -> list[str]:
        """Run the commands of a page, block by block, with `words` in place of its own; the last block waits for a
        person. Returns what each printed."""
        text = (CHECKOUT / page).read_text()
        for word, ours in words.items():
            assert word in text, word
            text = text.replace(word, ours)
        env = environment(self.folder) | {"KUBECONFIG": str(self.scene.cluster.kubeconfig), "WAYBILL_FORGE": "gitea"}
        begin = f'waybill() {{ PYTHONPATH="{CHECKOUT}" "{sys.executable}" -P -m scripts "$@"; }}\nset -e\n'
        said = []
        for block in BLOCK.findall(text)[:-1]:
            command = ["bash", "-c", begin + block]
            done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
            said.append(done.stdout)
        return said
