"""docs/tutorial.md, typed word by word by somebody who has a bootstrapped cluster, a forge and a registry.

Only addresses are others: of the forge, the registry, the published chart of the ledger, and of the image that the test
of a `helm create` chart runs, which cannot be pulled here.
"""

import os
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.support.chart.render import edited
from tests.support.e2e.fleet import GITOPS, Fleet
from tests.support.e2e.scene import HELM, Scene
from tests.support.e2e.shell import sections, shell
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


def volume(scene: Scene, folder: Path) -> None:
    """For the ledger's claim: no storage class makes one here."""
    folder.mkdir()
    os.chown(folder, 65532, 65532)
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": str(folder)},
        "claimRef": {"namespace": "waybill", "name": "waybill"},
    }
    meta = {"name": "tutorial"}
    scene.cluster.apply({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec})


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


def test_the_tutorial_is_typed_word_by_word(
    scene: Scene, fleet: Fleet, tmp_path: Path, record_property: Callable[[str, str], None]
) -> None:
    forge, registry = scene.world.forge, scene.world.registry
    env = demo.environment(tmp_path)
    chart, test_image = published(scene, tmp_path, env), busybox(registry, tmp_path)
    crane("copy", "--insecure", scene.image, f"{registry}/acme/orders:1")
    volume(scene, scene.folder / "ledger")
    repository = service(tmp_path, env)
    program = tmp_path / "bin" / "waybill"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={CHECKOUT} exec {sys.executable} -P -m scripts "$@"\n')
    program.chmod(0o755)
    others = {
        "https://raw.githubusercontent.com/waybill-ledger/waybill/v1": str(CHECKOUT),
        "oci://ghcr.io/waybill-ledger/charts/waybill": chart,
        "--ledger http://waybill.waybill": "--ledger http://waybill.waybill.svc.cluster.local",
        "git clone --branch apps/orders https://": f"git clone --branch apps/orders http://{forge.user}:{forge.password}@",
        "https://github.com/acme/fleet": fleet.url,
        "github.com/acme/fleet": fleet.url.removeprefix("http://"),
        "ghcr.io": registry,
        "@sha256:...": f"@{scene.image.partition('@')[2]}",
        "mv orders chart": f"mv orders chart; sed -i 's#: busybox#: {test_image}#' chart/templates/tests/*.yaml",
    }
    env |= {
        "PATH": f"{program.parent}:{env['PATH']}",
        "KUBECONFIG": str(scene.cluster.kubeconfig),
        "WAYBILL_FORGE": "gitea",
        "WAYBILL_FORGE_TOKEN": forge.token,
        "REGISTRY_TOKEN": "anything: this registry asks nobody",
    }
    blocks = sections(PAGE)
    assert [title[0] for title in blocks] == ["1", "2", "3", "4", "5"]
    with shell(repository, env, scene.folder / "tutorial.log") as somebody:

        def type_section(number: str) -> None:
            (commands,) = [text for title, text in blocks.items() if title.startswith(number)]
            for ours, here in others.items():
                commands = commands.replace(ours, here)
            somebody.type(commands)

        def merge(branch: str) -> None:
            (proposal,) = [it for it in fleet.proposals() if it["head"]["ref"] == branch]
            fleet.merge(proposal["number"])
            asked = {"reconcile.fluxcd.io/requestedAt": fleet.head("main")}
            scene.cluster.patch(f"{GITOPS}/flux-system", {"metadata": {"annotations": asked}})

        type_section("1")
        merge("connect/staging")
        for number in "234":
            type_section(number)
        merge("apps/orders")
        type_section("5")
        record_property("figure", f"the commands of the tutorial took {somebody.seconds:.0f} s")
        assert somebody.seconds < LIMIT
        state = httpx.get("http://127.0.0.1:8080/environments/staging", trust_env=False, timeout=30).json()
        board = httpx.get("http://127.0.0.1:8080/", trust_env=False, timeout=30).text
    [place] = [it for it in state["services"] if it["service"] == "orders"]
    assert (place["place"], place["health"]) == ("apps/orders", "healthy")
    assert place["release"]["known"]
    assert "orders" in board
    release = scene.cluster.get(f"{HELM}/apps/helmreleases/orders")
    assert ready(release), release
    assert ready(release, "TestSuccess"), "the chart's own test ran, in a namespace that enforces baseline"
    repositories = scene.cluster.items("/apis/source.toolkit.fluxcd.io/v1/namespaces/apps/helmrepositories")
    assert [it["spec"]["secretRef"]["name"] for it in repositories] == ["registry"]
    pods = scene.cluster.items(
        "/api/v1/namespaces/apps/pods?labelSelector=app.kubernetes.io/name%3Dorders,pod-template-hash"
    )
    assert pods
    assert all({"name": "registry"} in it["spec"]["imagePullSecrets"] for it in pods)
    namespace = scene.cluster.get("/api/v1/namespaces/apps")
    assert namespace
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
