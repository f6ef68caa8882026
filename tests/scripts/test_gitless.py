"""Without a GitOps repo a release moves the environment's tag of its artifact, and a ref of the source repository says
in which order."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders import World, git
from tests.support.running_ledger import RunningLedger, serving
from tests.support.scripts.everything import everything
from tests.support.scripts.gitless import gitless, log, manifests, ref, repository, says, tagged
from tests.support.scripts.signing import complaint, private, public
from tools.demo.image import crane

pytestmark = pytest.mark.long


@pytest.fixture
def world(tmp_path: Path, registry: str) -> World:
    return gitless(tmp_path, registry)


@pytest.fixture
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLedger]:
    with serving(tmp_path_factory.mktemp("ledger"), "orders", ["staging", "production"]) as it:
        yield it


def pulled(address: str, folder: Path) -> tuple[Any, str]:
    """What Flux's own client says of an artifact, and the file in it."""
    folder.mkdir()
    ran = subprocess.run(["flux-oci", f"oci://{address}", folder], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout), (folder / "orders.yaml").read_text()


def next_release(world: World, text: str = "the next", **more: Any) -> Any:
    world.commit({"README.md": text}, text)
    return world.ship(world.image(), **more)


def test_flux_pulls_under_the_environments_tag_what_the_release_commit_makes(world: World, tmp_path: Path) -> None:
    shipped = world.ship(world.image())
    source, artifact = shipped["source"], shipped["artifact"]
    assert artifact["digest"] == tagged(world, "0.1.0") == tagged(world, "staging") == says(world)
    said, text = pulled(f"{repository(world)}/staging:staging", tmp_path / "pulled")
    assert said["source_revision"] == f"orders-0.1.0@sha1:{source['release_commit']}" == artifact["revision"]
    for part in (shipped["images"][0]["digest"], "version: 0.1.0", "namespace: apps", f"commit: {source['commit']}"):
        assert part in text
    assert shipped["gitops"] == {
        "repository": "https://example.org/acme/orders",
        "branch": "refs/waybill/orders/staging",
        "commit": git(world.origin, "rev-parse", ref()),
        "places": [{"environment": "staging", "place": None}],
        "kind": "ship",
    }
    assert git(world.gitops, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert git(world.origin, "for-each-ref", ref("production")) == ""


def test_shipping_again_changes_nothing(world: World) -> None:
    image = world.image()
    first = world.ship(image)
    before = everything(world)
    assert world.ship(image) == first
    assert everything(world) == before


def test_plan_shows_what_ship_would_do_and_changes_nothing(world: World) -> None:
    image, before = world.image(), everything(world)
    ran = world.waybill("plan", "--image", image)
    assert (ran.code, everything(world)) == (0, before), ran.stderr
    assert "staging gets 0.1.0" in ran.stdout
    assert "added Deployment/orders" in ran.stdout
    shipped = world.ship(image)
    assert f"orders/staging:0.1.0@{shipped['artifact']['digest']}" in ran.stdout
    world.commit({"chart/values.yaml": world.values.replace("hello", "good evening")})
    ran = world.waybill("plan", "--image", image)
    assert "staging gets 0.1.1 after 0.1.0" in ran.stdout
    assert "good evening" in ran.stdout


def test_promote_moves_the_next_environments_tag(world: World, ledger: RunningLedger) -> None:
    world.ship(world.image(), env=ledger.env)
    before = everything(world)
    looked = world.waybill("promote", "--to", "production", "--version", "0.1.0", "--dry-run", env=ledger.env)
    assert (looked.code, everything(world)) == (0, before), looked.stderr
    assert "production gets 0.1.0" in looked.stdout
    ran = world.waybill("promote", "--to", "production", "--version", "0.1.0", "--json", env=ledger.env)
    assert ran.code == 0, ran.stderr
    assert tagged(world, "production", "production") == ran.json["artifact"]["digest"] == says(world, "production")
    filed = ledger.tells("/releases/orders/0.1.0")
    assert [it["branch"] for it in filed["proposals"]["items"]] == [ref("staging"), ref("production")]
    assert {it["artifact"]["digest"] for it in filed["proposals"]["items"]} == {ran.json["artifact"]["digest"]}


def test_a_lower_version_is_not_promoted(world: World) -> None:
    image = world.image()
    world.ship(image)
    next_release(world)
    before = everything(world)
    ran = world.waybill("promote", "--to", "staging", "--version", "0.1.0")
    assert (ran.code, "superseded: staging has 0.1.1" in ran.stderr) == (1, True), ran.stderr
    assert "waybill rollback orders 0.1.0 -e staging" in ran.stderr
    assert everything(world) == before
    git(world.checkout, "checkout", "--quiet", "HEAD^")
    again = world.waybill("ship", "--json", "--image", image)
    assert (again.code, "gitops" in again.json, "artifact" in again.json) == (0, False, False), again.stderr
    assert "staging has 0.1.1" in again.json["not_proposed"]["staging"]
    assert says(world) == tagged(world, "0.1.1")


def test_rollback_moves_to_the_digest_that_was_there_with_its_reason(world: World, ledger: RunningLedger) -> None:
    first = world.ship(world.image(), env=ledger.env)
    second = next_release(world, env=ledger.env)
    back = ["rollback", "orders", "0.1.0", "-e", "staging", "--reason", "it broke\nall carts", "--json"]
    before = everything(world)
    looked = world.waybill(*back, "--dry-run", env=ledger.env)
    assert (looked.code, everything(world)) == (0, before), looked.stderr
    ran = world.waybill(*back, env=ledger.env)
    assert ran.code == 0, ran.stderr
    assert ran.json["artifact"] == first["artifact"] != second["artifact"]
    assert tagged(world, "staging") == first["artifact"]["digest"] == says(world)
    assert (ran.json["gitops"]["kind"], ran.json["gitops"]["reason"]) == ("rollback", "it broke all carts")
    assert "it broke\nall carts" in log(world)[0]
    newest = ledger.tells("/releases/orders/0.1.0")["proposals"]["items"][-1]
    assert (newest["kind"], newest["reason"]) == ("rollback", "it broke all carts")
    again = world.waybill(*back, env=ledger.env)
    assert (again.code, again.json) == (0, ran.json), again.stderr
    assert len(log(world)) == 3
    third = next_release(world, "repaired", env=ledger.env)
    assert tagged(world, "staging") == third["artifact"]["digest"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["0.1.1", "-e", "staging"], "so this is not a rollback"),
        (["0.1.0", "-e", "production"], "The source repository has no release of orders for production"),
        (["-e", "staging"], "Only a ledger knows what was healthy before"),
    ],
    ids=["higher", "nothing-there", "no-version"],
)
def test_a_rollback_that_is_none_is_refused(world: World, words: list[str], said: str) -> None:
    world.ship(world.image())
    next_release(world)
    assert world.waybill("rollback", "orders", "0.1.0", "-e", "staging", "--reason", "x").code == 0
    before = everything(world)
    ran = world.waybill("rollback", "orders", *words, "--reason", "y")
    assert (ran.code, said in ran.stderr) == (1, True), ran.stderr
    assert everything(world) == before


def test_a_rollback_without_a_checkout_needs_the_source_repository(world: World, tmp_path: Path) -> None:
    world.ship(world.image())
    next_release(world)
    (tmp_path / "away").mkdir()
    words = ["rollback", "orders", "0.1.0", "-e", "staging", "--reason", "x"]
    env = {"WAYBILL_ARTIFACT": f"oci://{repository(world)}", "WAYBILL_LEDGER": "http://127.0.0.1:9"}
    ran = world.waybill(*words, cwd=tmp_path / "away", env=env)
    assert (ran.code, "no checkout of orders is here" in ran.stderr) == (1, True), ran.stderr
    ran = world.waybill(*words, "--remote", str(world.origin), cwd=tmp_path / "away")
    assert ran.code == 0, ran.stderr
    assert tagged(world, "staging") == tagged(world, "0.1.0")


def test_chart_and_manifests_are_signed_before_the_tag_moves(world: World, tmp_path: Path) -> None:
    key = private()
    env = {"WAYBILL_SIGN": "key", "WAYBILL_SIGNING_KEY": key}
    world.ship(world.image(), env=env)
    ran = world.waybill("promote", "--to", "production", "--version", "0.1.0", env=env)
    assert ran.code == 0, ran.stderr
    file = public(key, tmp_path / "cosign.pub")
    for environment in ("staging", "production"):
        assert complaint(file, f"{repository(world)}/{environment}:{environment}") == ""
    lines = ran.stderr.splitlines()
    order = [next(n for n, line in enumerate(lines) if line.startswith(word)) for word in ("sign:", "tag:")]
    assert order == sorted(order)


def test_record_files_what_the_moves_tell(world: World, ledger: RunningLedger) -> None:
    shipped = world.ship(world.image())
    next_release(world)
    words = ["rollback", "orders", "0.1.0", "-e", "staging", "--reason", "it broke"]
    assert world.waybill(*words).code == 0
    ran = world.waybill("record", "orders", "0.1.0", "--json", env=ledger.env)
    assert ran.code == 0, ran.stderr
    assert [it["gitops"]["kind"] for it in ran.json] == ["ship", "rollback"]
    assert [it["gitops"]["reason"] for it in ran.json[1:]] == ["it broke"]
    assert {it["artifact"]["digest"] for it in ran.json} == {shipped["artifact"]["digest"]}
    assert ran.json[0]["gitops"] == shipped["gitops"]
    again = world.waybill("record", "orders", "0.1.0", "--json", env=ledger.env)
    assert (again.code, "was filed before" in again.stderr) == (0, True), again.stderr


def test_doctor_tells_a_tag_that_somebody_moved(world: World) -> None:
    world.ship(world.image())
    next_release(world)
    ran = world.waybill("doctor")
    assert ran.code == 0, ran.stderr
    said = " ".join(ran.stdout.split())
    assert "staging names the manifests of 0.1.1" in said
    assert "staging would run it: staging gets 0.1.2 after 0.1.1" in said
    assert "origin lets this login push refs/waybill/orders/staging" in said
    crane("tag", "--insecure", f"{repository(world)}/staging:0.1.0", "staging")
    before = everything(world)
    ran = world.waybill("doctor")
    assert (ran.code, everything(world)) == (0, before), ran.stderr
    assert f"warn {repository(world)}/staging:staging names {tagged(world, '0.1.0')}" in " ".join(ran.stdout.split())


def test_what_is_edited_after_it_was_published_comes_with_the_next_version(world: World, tmp_path: Path) -> None:
    image = world.image()
    world.ship(image)
    file = world.checkout / "deploy/staging/release.yaml"
    text = file.read_text().rstrip() + "\n  values: {greeting: good evening}\n"
    world.commit({"deploy/staging/release.yaml": text})
    shipped = world.ship(image)
    assert shipped["chart"]["version"] == "0.1.1"
    assert "good evening" in pulled(f"{repository(world)}/staging:staging", tmp_path / "staging")[1]
    assert world.waybill("promote", "--to", "production", "--version", "0.1.1").code == 0
    assert "good evening" not in pulled(f"{repository(world)}/production:production", tmp_path / "production")[1]


def test_init_writes_the_manifests_and_ship_goes_on_with_them(registry: str, tmp_path: Path) -> None:
    world = World(tmp_path, registry)
    git(world.checkout, "rm", "--quiet", "waybill.toml")
    git(world.checkout, "commit", "--quiet", "-m", "Nothing is set yet")
    settings = ["--artifact", f"oci://{repository(world)}", "--environments", "staging,production"]
    settings += ["--registry", f"oci://{registry}/charts-{tmp_path.name}"]
    ran = world.waybill("init", *settings)
    assert ran.code == 0, ran.stderr
    for path, data in manifests().items():
        assert (world.checkout / path).read_bytes() == data
    toml = (world.checkout / "waybill.toml").read_text()
    assert f'artifact = "oci://{repository(world)}"' in toml
    assert "gitops" not in toml
    world.commit({})
    shipped = world.ship(world.image())
    assert tagged(world, "staging") == shipped["artifact"]["digest"]
    (world.checkout / "deploy/base/kustomization.yaml").unlink()
    again = world.waybill("init", *settings)
    assert (again.code, (world.checkout / "deploy/base/kustomization.yaml").exists()) == (0, False), again.stderr
