"""Services that ran before Waybill: people published their charts and wrote their HelmReleases."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.support.builders import CHART, World
from tests.support.e2e.fleet import Fleet
from tests.support.e2e.scene import HELM, Scene
from tests.support.e2e.stories import CHART as STORY
from tools.cluster.kubernetes import ready
from tools.cluster.waiting import wait_for
from tools.demo.image import crane
from tools.demo.world import run

NAMESPACE = "adopted"
TEMPLATES = {file.name: file.read_text() for file in (STORY / "templates").iterdir()}
FLUX = f"""\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: shop
  namespace: flux-system
spec:
  interval: 10m
  path: ./shop/{NAMESPACE}
  prune: true
  targetNamespace: {NAMESPACE}
  sourceRef: {{kind: GitRepository, name: {NAMESPACE}}}
"""
BASE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: orders}
spec: {type: oci, insecure: true, interval: 10m, url: oci://REGISTRY/charts-orders}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: orders}
spec:
  interval: 10m
  chart: {spec: {chart: orders, version: 0.9.9, sourceRef: {kind: HelmRepository, name: orders}}}
"""
# In an overlay, a patch; in one file, with its source; and by a chart that is not called as the service.
ORDERS = """\
# Ours: ✓
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: orders
spec:
  chart:
    spec:
      version: "1.0.0"   # what runs
  values: {note: ours}
"""
BILLING = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: billing}
spec:
  interval: 10m
  insecure: true
  url: oci://REGISTRY/charts-billing/billing
  layerSelector: {mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip, operation: copy}
  ref:
    tag: 1.0.0
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: billing
spec:
  interval: 10m
  chartRef: {kind: OCIRepository, name: billing}
"""
STOCK = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: stock}
spec: {type: oci, insecure: true, interval: 10m, url: oci://REGISTRY/charts-stock}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: stock
spec:
  interval: 10m
  chart:
    spec:
      chart: legacy
      version: 1.0.0
      sourceRef: {kind: HelmRepository, name: stock}
"""
KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../base.yaml, billing.yaml, stock.yaml]
patches: [{path: orders.yaml}]
"""
FOLDER = f"shop/{NAMESPACE}"
FILES = {
    f"clusters/{NAMESPACE}/shop.yaml": FLUX,
    "shop/base.yaml": BASE,
    f"{FOLDER}/kustomization.yaml": KUSTOMIZATION,
    f"{FOLDER}/orders.yaml": ORDERS,
    f"{FOLDER}/billing.yaml": BILLING,
    f"{FOLDER}/stock.yaml": STOCK,
}
CHARTS = {"orders": "orders", "billing": "billing", "stock": "legacy"}


@dataclass
class Running:
    """The services of CHARTS, whose charts have these names; `image` is what each of them runs."""

    scene: Scene
    fleet: Fleet

    @cached_property
    def image(self) -> str:
        repository = f"{self.scene.world.registry}/pause"
        return f"{repository}@{crane('digest', '--insecure', f'{repository}:1')}"

    @cached_property
    def checkouts(self) -> Mapping[str, World]:
        return {service: self._checkout(service) for service in CHARTS}

    @property
    def env(self) -> dict[str, str]:
        """What the release tool needs beside the settings of a checkout."""
        return self.fleet.env | {"WAYBILL_FORGE_TOKEN": self.scene.world.forge.token, "WAYBILL_PLAIN_HTTP": "true"}

    def begin(self) -> None:
        """Publish 1.0.0 of each chart, and commit what installs it."""
        for service, name in CHARTS.items():
            self._publish(self.checkouts[service], name)
        self.fleet.at("main")
        for path, text in FILES.items():
            (self.fleet.clone / path).parent.mkdir(parents=True, exist_ok=True)
            (self.fleet.clone / path).write_text(text.replace("REGISTRY", self.scene.world.registry))
        self.fleet.push("What runs in the shop")

    def release(self, service: str) -> dict[str, Any]:
        """The HelmRelease."""
        return self.scene.cluster.get(f"{HELM}/{NAMESPACE}/helmreleases/{service}") or {}

    def wait_until_installed(self, version: str) -> None:
        """Until every service has it."""

        def check() -> bool:
            found = [self.release(service) for service in CHARTS]
            history = [it.get("status", {}).get("history", []) for it in found]
            versions = {its[0]["chartVersion"].partition("+")[0] if its else None for its in history}
            return versions == {version} and all(map(ready, found))

        wait_for(f"{version} of each to be Ready", check)

    def pods(self) -> dict[str, dict[str, str]]:
        """By service the image of each pod, by the pod's id; those of `helm test` are left out."""
        found: dict[str, dict[str, str]] = {}
        for pod in self.scene.cluster.items(f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app"):
            (container,) = pod["spec"]["containers"]
            (status,) = pod["status"]["containerStatuses"]
            assert status["restartCount"] == 0, pod
            found.setdefault(pod["metadata"]["labels"]["app"], {})[pod["metadata"]["uid"]] = container["image"]
        return found

    def _checkout(self, service: str) -> World:
        folder = self.scene.folder / "running" / service
        folder.mkdir(parents=True)
        values = (STORY / "values.yaml").read_text().replace('image: ""', f"image: {self.image}")
        chart, settings = CHART.replace("0.1.0", "1.0.1"), '[image]\nreference = "image"\n'
        it = World(folder, self.scene.world.registry, service, chart, values, TEMPLATES, settings)
        text = (it.checkout / "waybill.toml").read_text().replace(f'"{it.gitops}"', f'"{self.fleet.url}"')
        it.commit({"waybill.toml": text.replace('["staging", "production"]', f'["{NAMESPACE}"]\nforge = "gitea"')})
        return it

    def _publish(self, checkout: World, name: str) -> None:
        """The chart of a checkout, called `name`."""
        folder: Path = checkout.folder / name
        run(["cp", "-r", checkout.checkout / "chart", folder], self.fleet.env)
        file = folder / "Chart.yaml"
        file.write_text(file.read_text().replace(f"name: {checkout.service}", f"name: {name}"))
        run(["helm", "package", folder, "--version", "1.0.0", "--destination", checkout.folder], self.fleet.env)
        where = f"oci://{checkout.registry}/charts-{checkout.service}"
        run(["helm", "push", checkout.folder / f"{name}-1.0.0.tgz", where, "--plain-http"], self.fleet.env)
