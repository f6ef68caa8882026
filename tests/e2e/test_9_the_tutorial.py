"""docs/tutorial.md, typed word by word by somebody who has a bootstrapped cluster, a forge and a registry.

Only addresses are others: of the forge, the registry, the published chart of the ledger, and of the image that the test
of a `helm create` chart runs, which cannot be pulled here.
"""

import sys
import tarfile
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.chart.render import edited
from tests.support.e2e.fleet import GITOPS, Fleet
from tests.support.e2e.scene import HELM, Scene
from tests.support.e2e.shell import sections, shell
from tests.support.e2e.volume import volume
from tools.cluster.kubernetes import ready
from tools.demo import world as demo
from tools.demo.image import crane
from tools.demo.world import CHECKOUT

PAGE = CHECKOUT / "docs/tutorial.md"
LIMIT = 300  # seconds of commands


def bootstrap(fleet: Fleet) -> None:
    """What `flux bootstrap` leaves in the GitOps repo and in the cluster, but for Flux itself."""
    folder = fleet.clone / "clusters/staging/flux-system"
    folder.mkdir(parents=True)
    (folder / "kustomization.yaml").write_text("resources: [gotk-sync.yaml]\n")
    (folder / "gotk-sync.yaml").write_text(f"""\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {{name: flux-system, namespace: flux-system}}
spec: {{interval: 1m, ref: {{branch: main}}, url: {fleet.url}}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: flux-system, namespace: flux-system}}
spec:
  interval: 10m
  path: ./clusters/staging
  prune: true
  sourceRef: {{kind: GitRepository, name: flux-system}}
""")
    fleet.push("Add Flux sync manifests")
    fleet.cluster.kubectl("apply", "--server-side", "-f", str(folder / "gotk-sync.yaml"))


def busybox(registry: str, folder: Path) -> str:
    layer = folder / "busybox.tar"
    with tarfile.open(layer, "w") as tar:
        tar.add("/bin/busybox", "bin/busybox")
        link = tarfile.TarInfo("bin/wget")
        link.type, link.linkname = tarfile.SYMTYPE, "busybox"
        tar.addfile(link)
    image = f"{registry}/tutorial/busybox"
    crane("append", "--insecure", "--oci-empty-base", "--new_layer", str(layer), "--new_tag", f"{image}:base")
    crane("mutate", "--insecure", f"{image}:base", "--set-platform", "linux/amd64", "--tag", f"{image}:latest")
    return image


def published(scene: Scene, folder: Path, env: dict[str, str]) -> str:
    """The ledger's chart as a release publishes it, with its image by digest."""
    repository, _, digest = scene.image.partition("@")
    chart = edited(folder, "values.yaml", "ghcr.io/waybill-ledger/waybill", repository)
    edited(folder, "values.yaml", f"sha256:{'0' * 64}", digest)
    demo.run(["helm", "package", chart, "--destination", folder], env)
    (packed,) = folder.glob("*.tgz")
    address = f"oci://{scene.world.registry}/tutorial"
    demo.run(["helm", "push", packed, address, "--plain-http"], env)
    return f"{address}/waybill --plain-http"


@pytest.fixture
def fleet(scene: Scene, tmp_path: Path) -> Fleet:
    env = demo.environment(scene.folder)
    found = Fleet("tutorial", scene.world.forge, scene.cluster, scene.folder / "tutorial", env)
    found.create()
    bootstrap(found)
    return found


def service(folder: Path, env: dict[str, str]) -> Path:
    """The service's empty repository, with a remote."""
    demo.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder / "orders.git"], env)
    demo.run(["git", "clone", "--quiet", folder / "orders.git", folder / "orders"], env)
    return folder / "orders"


def program(folder: Path) -> Path:
    """The folder with the command `waybill`."""
    found = folder / "bin" / "waybill"
    found.parent.mkdir()
    found.write_text(f'#!/bin/sh\nPYTHONPATH={CHECKOUT} exec {sys.executable} -P -m scripts "$@"\n')
    found.chmod(0o755)
    return found.parent


def addresses(scene: Scene, fleet: Fleet, folder: Path, env: dict[str, str]) -> dict[str, str]:
    """What the page says: what is typed here."""
    forge, registry, image = scene.world.forge, scene.world.registry, busybox(scene.world.registry, folder)
    person = f"http://{forge.user}:{forge.password}@"
    return {
        "https://raw.githubusercontent.com/waybill-ledger/waybill/v1": str(CHECKOUT),
        "oci://ghcr.io/waybill-ledger/charts/waybill": published(scene, folder, env),
        "--ledger http://waybill.waybill": "--ledger http://waybill.waybill.svc.cluster.local",
        "git clone --branch apps/orders https://": f"git clone --branch apps/orders {person}",
        "https://github.com/acme/fleet": fleet.url,
        "github.com/acme/fleet": fleet.url.removeprefix("http://"),
        "ghcr.io": registry,
        "@sha256:...": f"@{scene.image.partition('@')[2]}",
        "mv orders chart": f"mv orders chart; sed -i 's#: busybox#: {image}#' chart/templates/tests/*.yaml",
    }


def merge(fleet: Fleet, branch: str) -> None:
    (proposal,) = [it for it in fleet.proposals() if it["head"]["ref"] == branch]
    fleet.merge(proposal["number"])
    asked = {"reconcile.fluxcd.io/requestedAt": fleet.head("main")}
    fleet.cluster.patch(f"{GITOPS}/flux-system", {"metadata": {"annotations": asked}})


@pytest.fixture
def told(scene: Scene, fleet: Fleet, tmp_path: Path, record_property: Callable[[str, str], None]) -> dict[str, Any]:
    """What the ledger says of staging when the page was typed, and its board."""
    env = demo.environment(tmp_path)
    others = addresses(scene, fleet, tmp_path, env)
    crane("copy", "--insecure", scene.image, f"{scene.world.registry}/acme/orders:1")
    volume(scene, "waybill")
    env |= {
        "PATH": f"{program(tmp_path)}:{env['PATH']}",
        "KUBECONFIG": str(scene.cluster.kubeconfig),
        "WAYBILL_FORGE": "gitea",
        "WAYBILL_FORGE_TOKEN": scene.world.forge.token,
        "REGISTRY_TOKEN": "anything: this registry asks nobody",
    }
    merged = {"1": "connect/staging", "4": "apps/orders"}  # after which section somebody merges what
    with shell(service(tmp_path, env), env, scene.folder / "tutorial.log") as somebody:
        for title, commands in sections(PAGE).items():
            somebody.type(reduce(lambda text, it: text.replace(*it), others.items(), commands))
            if branch := merged.pop(title[0], None):
                merge(fleet, branch)
        record_property("figure", f"the commands of the tutorial took {somebody.seconds:.0f} s")
        assert somebody.seconds < LIMIT
        state, board = (
            httpx.get(f"http://127.0.0.1:8080/{path}", trust_env=False, timeout=30)
            for path in ("environments/staging", "")
        )
    assert not merged
    return {"staging": state.json(), "board": board.text}


def test_the_tutorial_is_typed_word_by_word(scene: Scene, told: dict[str, Any]) -> None:
    [place] = [it for it in told["staging"]["services"] if it["service"] == "orders"]
    assert (place["place"], place["health"]) == ("apps/orders", "healthy")
    assert place["release"]["known"]
    assert "orders" in told["board"]
    release = scene.cluster.get(f"{HELM}/apps/helmreleases/orders")
    assert ready(release), release
    assert ready(release, "TestSuccess"), "the chart's own test ran, in a namespace that enforces baseline"
    repositories = scene.cluster.items("/apis/source.toolkit.fluxcd.io/v1/namespaces/apps/helmrepositories")
    assert [it["spec"]["secretRef"]["name"] for it in repositories] == ["registry"]
    selector = "app.kubernetes.io/name%3Dorders,pod-template-hash"  # not the pod of `helm test`
    pods = scene.cluster.items(f"/api/v1/namespaces/apps/pods?labelSelector={selector}")
    assert pods
    assert all({"name": "registry"} in it["spec"]["imagePullSecrets"] for it in pods)
    namespace = scene.cluster.get("/api/v1/namespaces/apps")
    assert namespace
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
