"""A service that Flux runs from the GitOps repo moves over to signed artifacts: the same Kustomization applies it,
nothing is pruned and no pod restarts, up to a release that somebody did not sign."""

import json
from typing import Any

import pytest

from tests.support.builders import CHART, Ran
from tests.support.builders import World as Service
from tests.support.e2e.fleet import Fleet
from tests.support.e2e.scene import HELM, Scene, secret
from tests.support.e2e.stories import CHART as STORY
from tests.support.scripts.signing import private, public
from tools.cluster.kubernetes import ready
from tools.cluster.waiting import wait_for
from tools.demo.image import crane
from tools.demo.world import run

NAME, FOLDER = "moved", "shop/moved"
PRUNE, OWNER = "kustomize.toolkit.fluxcd.io/prune", "kustomize.toolkit.fluxcd.io/name"
KUSTOMIZATIONS = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations"
SOURCE = f"/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/ocirepositories/{NAME}-{NAME}"
FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: shop-PLACE, namespace: flux-system}
spec:
  interval: 10m
  path: ./shop/PLACE
  prune: true
  targetNamespace: moved
  sourceRef: {kind: GitRepository, name: moved}
"""
RELEASE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: moved}
spec: {type: oci, insecure: true, interval: 10m, url: CHARTS}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: moved}
spec:
  interval: 10m
  chart: {spec: {chart: moved, version: 1.0.0, sourceRef: {kind: HelmRepository, name: moved}}}
"""
SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: login\nstringData: {user: ada}\n"


@pytest.fixture(scope="module")
def fleet(scene: Scene) -> Fleet:
    return scene.fleet(NAME, [NAME])


@pytest.fixture(scope="module")
def service(scene: Scene, fleet: Fleet) -> Service:
    """Its chart 1.0.0 is published, and Flux runs it."""
    folder, registry = scene.folder / "moved-service", scene.world.registry
    folder.mkdir()
    image = f"{registry}/pause@{crane('digest', '--insecure', f'{registry}/pause:1')}"
    values = (STORY / "values.yaml").read_text().replace('image: ""', f"image: {image}")
    templates = {file.name: file.read_text() for file in (STORY / "templates").iterdir()}
    settings = f'artifact = "oci://{registry}/manifests/moved"\n[image]\nreference = "image"\n'
    it = Service(folder, registry, NAME, CHART.replace("0.1.0", "1.0.0"), values, templates, settings)
    text = (it.checkout / "waybill.toml").read_text().replace(f'"{it.gitops}"', f'"{fleet.url}"')
    it.commit({"waybill.toml": text.replace('["staging", "production"]', f'["{NAME}"]\nforge = "gitea"')})
    charts = f"oci://{registry}/charts-{folder.name}"
    run(["helm", "package", it.checkout / "chart", "--destination", folder], fleet.env)
    run(["helm", "push", folder / f"{NAME}-1.0.0.tgz", charts, "--plain-http"], fleet.env)
    write(
        fleet,
        {
            f"clusters/{NAME}/shop.yaml": FLUX.replace("PLACE", NAME),
            f"{FOLDER}/release.yaml": RELEASE.replace("CHARTS", charts),
            f"{FOLDER}/login.yaml": SECRET,
            f"{FOLDER}/kustomization.yaml": "resources: [release.yaml, login.yaml]\n",
        },
        "What runs",
    )
    installed(scene, "1.0.0")
    return it


@pytest.fixture(scope="module")
def signing(scene: Scene) -> dict[str, str]:
    """The environment that signs, with the key that the cluster knows."""
    key = private()
    file = public(key, scene.folder / "moved.pub")
    scene.cluster.apply(secret("flux-system", "cosign-keys", {"cosign.pub": file.read_text()}))
    return {"WAYBILL_SIGN": "key", "WAYBILL_SIGNING_KEY": key}


def write(fleet: Fleet, files: dict[str, str], message: str) -> None:
    folder = fleet.at("main")
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    fleet.push(message)


def waybill(scene: Scene, fleet: Fleet, service: Service, *words: str, **env: str) -> Ran:
    known = fleet.env | {"WAYBILL_FORGE_TOKEN": scene.world.forge.token, "WAYBILL_PLAIN_HTTP": "true"}
    return service.waybill(*words, env=known | env)


def installed(scene: Scene, version: str) -> None:
    def check() -> bool:
        found = scene.cluster.get(f"{HELM}/{NAME}/helmreleases/{NAME}")
        history = (found or {}).get("status", {}).get("history") or [{"chartVersion": ""}]
        return ready(found) and history[0]["chartVersion"].partition("+")[0] == version

    wait_for(f"{version} to be Ready", check)


def living(scene: Scene) -> dict[str, str]:
    """Ids of the pods and of all objects that Flux keeps there; no pod was ever restarted."""
    kinds = "pods,deployments,secrets,helmreleases,helmrepositories"
    found = json.loads(scene.cluster.kubectl("get", kinds, "-n", NAME, "-o", "json"))["items"]
    pods = [it for it in found if it["kind"] == "Pod"]
    assert [state["restartCount"] for it in pods for state in it["status"]["containerStatuses"]] == [0] * len(pods)
    ours = [it for it in found if it.get("type") != "helm.sh/release.v1"]
    return {f"{it['kind']} {it['metadata']['name']}": it["metadata"]["uid"] for it in ours}


def inventory(scene: Scene) -> set[str]:
    found = scene.cluster.get(f"{KUSTOMIZATIONS}/shop-{NAME}") or {}
    return {it["id"] for it in found["status"]["inventory"]["entries"]}


def applied(scene: Scene, digest: str) -> dict[str, Any]:
    def check() -> dict[str, Any] | None:
        found = scene.cluster.get(f"{KUSTOMIZATIONS}/shop-{NAME}") or {}
        same = str(found.get("status", {}).get("lastAppliedRevision")).endswith(digest)
        return found if same and ready(found) else None

    return wait_for(f"the manifests {digest} to be applied", check)


def login(scene: Scene) -> dict[str, Any]:
    found: dict[str, Any] = (scene.cluster.get(f"/api/v1/namespaces/{NAME}/secrets/login") or {})["metadata"]
    return found


def verified(scene: Scene) -> tuple[str, str]:
    found = scene.cluster.get(SOURCE) or {}
    conditions = {it["type"]: it for it in found.get("status", {}).get("conditions", [])}
    said = conditions.get("SourceVerified", {})
    current = said.get("observedGeneration") == found.get("metadata", {}).get("generation")
    return (said["status"], said["reason"]) if current else ("", "")


def merge(fleet: Fleet) -> None:
    (proposal,) = fleet.proposals()
    fleet.merge(proposal["number"])


def test_a_secret_gets_another_owner_first(scene: Scene, fleet: Fleet, service: Service) -> None:
    before = living(scene)
    adopt = ["adopt", "--environment", NAME]
    ran = waybill(scene, fleet, service, *adopt, "--file", f"{FOLDER}/release.yaml")
    assert ran.code == 0, ran.stderr
    refused = waybill(scene, fleet, service, *adopt, "--artifact")
    assert refused.code == 1
    assert f"{FOLDER} builds Secret login" in refused.stderr
    assert f"`{PRUNE}: disabled`" in refused.stderr

    kept = SECRET.replace("  name", f"  annotations: {{{PRUNE}: disabled}}\n  name")
    write(fleet, {f"{FOLDER}/login.yaml": kept}, "Keep the login")
    wait_for("the annotation to be seen", lambda: login(scene).get("annotations", {}).get(PRUNE) == "disabled")
    (fleet.at("main") / FOLDER / "login.yaml").unlink()
    moved = {
        "shop/logins/login.yaml": kept,
        f"clusters/{NAME}/logins.yaml": FLUX.replace("PLACE", "logins"),
        f"{FOLDER}/kustomization.yaml": "resources: [release.yaml]\n",
    }
    for path, text in moved.items():
        (fleet.clone / path).parent.mkdir(parents=True, exist_ok=True)
        (fleet.clone / path).write_text(text)
    fleet.push("The login has a Kustomization of its own")
    wait_for("the login to have its new owner", lambda: login(scene)["labels"][OWNER] == "shop-logins")
    wait_for("the old owner to let it go", lambda: not any("login" in it for it in inventory(scene)))
    assert living(scene) == before


def test_the_same_kustomization_goes_on_with_signed_manifests(
    scene: Scene, fleet: Fleet, service: Service, signing: dict[str, str]
) -> None:
    before, had = living(scene), inventory(scene)
    ran = waybill(scene, fleet, service, "adopt", "--environment", NAME, "--artifact", "--json", **signing)
    assert ran.code == 0, ran.stderr
    branch, file = f"adopt/{NAME}/{NAME}", f"clusters/{NAME}/shop.yaml"
    lines = ("  # verify:", "  #   provider:", "  #   secretRef:", "  #     name: cosign")

    def switch_on(text: str) -> str:
        return "\n".join(it.replace("# ", "", 1) if it.startswith(lines) else it for it in text.splitlines()) + "\n"

    fleet.edit(file, switch_on, "Take only what is signed", branch)
    merge(fleet)
    kustomization = applied(scene, ran.json["manifests"].partition("@")[2])
    assert kustomization["spec"]["sourceRef"] == {"kind": "OCIRepository", "name": f"{NAME}-{NAME}"}
    assert kustomization["status"]["lastAppliedOriginRevision"].startswith("main@sha1:")
    assert verified(scene)[0] == "True"
    assert (living(scene), inventory(scene)) == (before, had)


def test_a_release_moves_the_digest_and_an_unsigned_one_does_not_arrive(
    scene: Scene, fleet: Fleet, service: Service, signing: dict[str, str]
) -> None:
    before, had = living(scene), inventory(scene)
    image = f"{scene.world.registry}/pause@{crane('digest', '--insecure', f'{scene.world.registry}/pause:1')}"
    service.commit({}, "waybill.toml names the file")
    ran = waybill(scene, fleet, service, "ship", "--image", image, "--json", **signing)
    assert ran.code == 0, ran.stderr
    merge(fleet)
    applied(scene, ran.json["artifact"]["digest"])
    installed(scene, ran.json["chart"]["version"])
    assert (living(scene), inventory(scene)) == (before, had)

    service.commit({"README.md": "Somebody without the key"}, "Without the key")
    stolen = waybill(scene, fleet, service, "ship", "--image", image, "--json")
    assert stolen.code == 0, stolen.stderr
    merge(fleet)
    wait_for("Flux to refuse it", lambda: verified(scene) == ("False", "VerificationError"))
    found = scene.cluster.get(f"{KUSTOMIZATIONS}/shop-{NAME}") or {}
    assert found["status"]["lastAppliedRevision"].endswith(ran.json["artifact"]["digest"])
    installed(scene, ran.json["chart"]["version"])
    assert living(scene) == before
