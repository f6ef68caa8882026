"""The manifests of an environment as an OCI artifact of Flux, which Flux's own client pulls."""

import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.clients.manifest import FLUX_CONFIG, FLUX_LAYER, OCI_MANIFEST
from scripts.document import digest_of
from tests.support.builders import World, git, run_waybill
from tests.support.registry_stand_in import answering, says
from tests.support.running_ledger import serving
from tests.support.scripts.everything import everything
from tools.demo.image import crane

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {password: planted}\n"


@pytest.fixture
def env(world: World) -> dict[str, str]:
    return {"WAYBILL_ARTIFACT": f"oci://{world.registry}/manifests-{world.folder.name}/orders"}


def place(world: World, environment: str = "staging") -> str:
    return f"{world.registry}/manifests-{world.folder.name}/orders/{environment}"


def tags(world: World, environment: str = "staging") -> list[str]:
    return crane("ls", "--insecure", place(world, environment)).splitlines()


def manifest(world: World, tag: str, environment: str = "staging") -> Any:
    return json.loads(crane("manifest", "--insecure", f"{place(world, environment)}:{tag}"))


def pulled(artifact: Mapping[str, str], folder: Path) -> tuple[Any, dict[str, str]]:
    """What Flux's own client says of an artifact, and the files that it gets."""
    folder.mkdir()
    address = f"{artifact['repository']}@{artifact['digest']}"
    ran = subprocess.run(["flux-oci", address, folder], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout), {str(it.relative_to(folder)): it.read_text() for it in folder.rglob("*.*")}


def built(world: World, commit: str, folder: Path, environment: str = "staging") -> str:
    """What kustomize makes of the environment's folder in a commit of the GitOps repo."""
    git(world.gitops, "worktree", "add", "--quiet", "--detach", str(folder), commit)
    built = ["kustomize", "build", str(folder / "apps" / "orders" / environment)]
    return subprocess.run(built, capture_output=True, text=True, check=True).stdout


def upload(base: str, blob: bytes) -> None:
    begun = httpx.post(f"{base}/blobs/uploads/")
    where = httpx.URL(begun.headers["location"]).copy_add_param("digest", digest_of(blob))
    httpx.put(where, content=blob).raise_for_status()


def foreign(world: World, tag: str, media_type: str = FLUX_LAYER, **annotations: str) -> None:
    """Somebody pushes something under the tag."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo("other.yaml")
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"a: b"))
    layer = gzip.compress(out.getvalue())
    base = f"http://{world.registry}/v2/{place(world).partition('/')[2]}"
    for blob in (layer, b"{}"):
        upload(base, blob)
    body = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": FLUX_CONFIG, "size": 2, "digest": digest_of(b"{}")},
        "layers": [{"mediaType": media_type, "size": len(layer), "digest": digest_of(layer)}],
        "annotations": {f"org.opencontainers.image.{name}": text for name, text in annotations.items()},
    }
    answer = httpx.put(f"{base}/manifests/{tag}", json=body, headers={"Content-Type": OCI_MANIFEST})
    assert answer.status_code == 201, answer.text


@pytest.mark.long
def test_flux_pulls_what_the_proposal_makes_of_the_folder(world: World, env: dict[str, str], tmp_path: Path) -> None:
    waybill = world.ship(world.image(), env=env)
    artifact, source = waybill["artifact"], waybill["source"]
    revision = f"orders-0.1.0@sha1:{source['release_commit']}"
    assert artifact == {"repository": f"oci://{place(world)}", "digest": artifact["digest"], "revision": revision}
    assert crane("digest", "--insecure", f"{place(world)}:0.1.0") == artifact["digest"]

    said, files = pulled(artifact, tmp_path / "pulled")
    assert (said["source_url"], said["source_revision"]) == ("https://example.org/acme/orders", revision)
    assert said["created"] == source["committed_at"]
    assert files == {"orders.yaml": built(world, waybill["gitops"]["commit"], tmp_path / "built")}
    assert waybill["images"][0]["digest"] in files["orders.yaml"]

    there = manifest(world, "0.1.0")
    assert (there["config"]["mediaType"], [it["mediaType"] for it in there["layers"]]) == (FLUX_CONFIG, [FLUX_LAYER])
    (record,) = [json.loads(it.read_text()) for it in world.gitops.glob("waybill-proposals/*.json")]
    assert f"`oci://{place(world)}:0.1.0@{artifact['digest']}`" in record["body"]


@pytest.mark.long
def test_the_same_release_is_the_same_artifact_on_any_machine(
    world: World, env: dict[str, str], tmp_path: Path
) -> None:
    image = world.image()
    first = world.ship(image, env=env)
    before = everything(world)
    assert world.ship(image, env=env) == first
    assert everything(world) == before
    crane("delete", "--insecure", f"{place(world)}@{first['artifact']['digest']}")  # as if killed before the push
    git(tmp_path, "clone", "--quiet", world.origin.as_uri(), "elsewhere")
    elsewhere = env | {"TZ": "Pacific/Auckland", "SOURCE_DATE_EPOCH": "1"}
    ran = run_waybill("ship", "--json", "--image", image, cwd=tmp_path / "elsewhere", env=elsewhere)
    assert ran.code == 0, ran.stderr
    assert ran.json["artifact"] == first["artifact"]
    assert crane("digest", "--insecure", f"{place(world)}:0.1.0") == first["artifact"]["digest"]


@pytest.mark.long
def test_a_reviewers_edit_is_published_beside_what_was(world: World, env: dict[str, str], tmp_path: Path) -> None:
    image = world.image()
    first = world.ship(image, env=env)
    git(world.reviewed, "checkout", "--quiet", "apps/orders")
    file = world.reviewed / "apps/orders/staging/release.yaml"
    file.write_text(file.read_text().rstrip() + "\n  timeout: 9m\n")
    git(world.reviewed, "commit", "--quiet", "-am", "More time")
    git(world.reviewed, "push", "--quiet", "origin", "apps/orders")
    again = world.ship(image, env=env)
    assert again["artifact"]["digest"] != first["artifact"]["digest"]
    edited = f"0.1.0-{again['artifact']['digest'].removeprefix('sha256:')[:12]}"
    assert tags(world) == ["0.1.0", edited]
    assert crane("digest", "--insecure", f"{place(world)}:0.1.0") == first["artifact"]["digest"]
    assert "timeout: 9m" in pulled(again["artifact"], tmp_path / "pulled")[1]["orders.yaml"]
    assert world.ship(image, env=env) == again

    crane("delete", "--insecure", f"{place(world)}@{again['artifact']['digest']}")
    source, revision = "https://example.org/acme/orders", again["artifact"]["revision"]
    foreign(world, edited, source=source, revision=revision)
    ran = world.waybill("ship", "--image", image, env=env)
    assert (ran.code, "has other content than its name says" in ran.stderr) == (1, True), ran.stderr


@pytest.mark.parametrize("command", ["plan", "ship"])
@pytest.mark.parametrize(
    ("media_type", "annotations", "said"),
    [
        ("application/octet-stream", {}, "is no artifact of manifests"),
        (FLUX_LAYER, {}, "holds an unnamed revision of an unnamed source"),
        (FLUX_LAYER, {"source": "https://example.org/acme/orders", "revision": "main@sha1:0"}, "holds main@sha1:0"),
        (FLUX_LAYER, {"source": "https://example.org/other/orders", "revision": "{}"}, "of https://example.org/other"),
    ],
)
def test_what_others_pushed_under_the_version_is_never_overwritten(
    world: World, env: dict[str, str], command: str, media_type: str, annotations: dict[str, str], said: str
) -> None:
    foreign(world, "0.1.0", media_type, **annotations)
    image, before = world.image(), everything(world)
    ran = world.waybill(command, "--image", image, env=env)
    assert ran.code == 1
    assert said in ran.stderr
    assert {**everything(world), **before} == everything(world) | before
    assert world.tags() == {}
    assert git(world.gitops, "branch", "--list").split() == ["*", "main"]


@pytest.mark.long
def test_a_folder_with_a_secret_is_not_published(world: World, env: dict[str, str]) -> None:
    world.ship(world.image())
    world.merge("apps/orders")
    folder = world.reviewed / "apps/orders/staging"
    (folder / "secret.yaml").write_text(SECRET)
    file = folder / "kustomization.yaml"
    file.write_text(file.read_text().replace("resources:\n", "resources:\n  - secret.yaml\n"))
    git(world.reviewed, "add", "-A")
    git(world.reviewed, "commit", "--quiet", "-m", "A password")
    git(world.reviewed, "push", "--quiet", "origin", "main")
    world.commit({"README.md": "Another"})
    image, before = world.image(), everything(world)
    ran = world.waybill("ship", "--image", image, env=env)
    assert ran.code == 1
    assert "builds the Secret password, and an artifact shows it" in ran.stderr
    assert "planted" not in ran.stderr
    after = everything(world)
    assert {name: it for name, it in after.items() if "charts-" in name or ".git/refs" in name} == {
        name: it for name, it in before.items() if "charts-" in name or ".git/refs" in name
    }


@pytest.mark.parametrize("command", ["plan", "ship"])
def test_it_is_of_one_environment(world: World, env: dict[str, str], command: str) -> None:
    ran = world.waybill(command, "--image", world.image(), "-e", "staging", "-e", "production", env=env)
    assert (ran.code, "not to staging and production" in ran.stderr) == (1, True), ran.stderr
    assert world.tags() == {}


@pytest.mark.parametrize("command", ["plan", "ship"])
def test_a_registry_that_would_not_take_it_is_known_before_the_tag(
    world: World, env: dict[str, str], command: str
) -> None:
    nobody = b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}'

    def behave(request: BaseHTTPRequestHandler) -> None:
        (says(403) if request.command == "POST" else says(404, nobody))(request)

    with answering(behave) as host:
        image, before = world.image(), everything(world)
        ran = world.waybill(command, "--image", image, env={"WAYBILL_ARTIFACT": f"oci://{host}/manifests"})
    if command == "ship":
        assert (ran.code, "lets nobody with this login push" in ran.stderr) == (1, True), ran.stderr
        assert world.tags() == {}
        assert {name for name in everything(world) if "charts-" in name} == {it for it in before if "charts-" in it}
    else:
        assert (ran.code, "is not known without a login" in ran.stderr) == (0, True), ran.stderr


@pytest.mark.long
def test_plan_names_it_and_pushes_nothing(world: World, env: dict[str, str]) -> None:
    image = world.image()
    pinned = env | {"WAYBILL_FLUX_SOURCE": "oci-repository"}
    planned = world.waybill("plan", "--json", "--image", image, env=pinned)
    assert planned.json["manifests"] == f"oci://{place(world)}:0.1.0"  # it holds the chart's digest
    assert "+    digest: sha256:<known after publish>" in planned.json["patch"].replace('"', "")
    planned = world.waybill("plan", "--json", "--image", image, env=env)
    assert "manifests-" not in str(sorted(everything(world)))
    shipped = world.ship(image, env=env)["artifact"]["digest"]
    assert planned.json["manifests"] == f"oci://{place(world)}:0.1.0@{shipped}"


@pytest.mark.long
def test_each_environment_has_its_own_and_the_ledger_keeps_both(
    world: World, env: dict[str, str], tmp_path: Path
) -> None:
    with serving(tmp_path / "ledger", "orders", ["staging", "production"]) as ledger:
        env = env | ledger.env
        shipped = world.ship(world.image(), env=env)
        world.merge("apps/orders")
        ran = world.waybill("promote", "--json", "--to", "production", "--version", "0.1.0", env=env)
        assert ran.code == 0, ran.stderr
        promoted = ran.json
        assert promoted["artifact"]["repository"] == f"oci://{place(world, 'production')}"
        filed = ledger.tells("/releases/orders/0.1.0")
        assert filed["artifact"] == shipped["artifact"]
        assert [it["artifact"] for it in filed["proposals"]["items"]] == [shipped["artifact"], promoted["artifact"]]
        found = ledger.tells(f"/releases?digest={promoted['artifact']['digest']}")
        assert [it["chart"]["version"] for it in found["items"]] == ["0.1.0"]

    with serving(tmp_path / "another", "orders", []) as ledger:
        ran = world.waybill("record", "orders", "0.1.0", env=env | ledger.env)
        assert ran.code == 0, ran.stderr
        filed = ledger.tells("/releases/orders/0.1.0")
        assert [it["artifact"] for it in filed["proposals"]["items"]] == [shipped["artifact"], promoted["artifact"]]
