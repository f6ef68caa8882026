"""A new environment whose manifests Flux gets as an artifact: the pull request moves its digest."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.builders import World, git
from tests.support.running_ledger import serving

pytestmark = pytest.mark.long

CLUSTER, SOURCE = "clusters/staging/orders.yaml", "clusters/staging/orders.manifests.yaml"
RELEASE = "apps/orders/staging/release.yaml"


@pytest.fixture
def env(world: World) -> dict[str, str]:
    return {"WAYBILL_ARTIFACT": f"oci://{world.registry}/manifests-{world.folder.name}/orders"}


def file(world: World, path: str, branch: str = "apps/orders") -> Any:
    return yaml.safe_load(git(world.gitops, "show", f"{branch}:{path}"))


def edit(world: World, branch: str, more: str) -> None:
    """A person adds a line to the release of staging."""
    git(world.reviewed, "fetch", "--quiet", "origin")
    git(world.reviewed, "checkout", "--quiet", "-B", branch, f"origin/{branch}")
    path = world.reviewed / RELEASE
    path.write_text(path.read_text().rstrip() + f"\n  {more}\n")
    git(world.reviewed, "commit", "--quiet", "-am", "An edit")
    git(world.reviewed, "push", "--quiet", "origin", branch)


def test_flux_gets_the_artifact_and_the_place_is_known(world: World, env: dict[str, str]) -> None:
    shipped = world.ship(world.image(), env=env)
    artifact = shipped["artifact"]
    source, cluster = file(world, SOURCE), file(world, CLUSTER)
    assert source["kind"] == "OCIRepository"
    assert source["spec"]["ref"] == {"digest": artifact["digest"]}
    assert (source["spec"]["url"], source["spec"]["insecure"]) == (artifact["repository"], True)
    assert cluster["spec"]["sourceRef"] == {"kind": "OCIRepository", "name": "orders-staging"}
    assert (cluster["spec"]["path"], cluster["spec"]["prune"]) == ("./", True)
    assert cluster["metadata"]["annotations"] == {"waybill/manifests": "./apps/orders/staging"}
    for it in (source, cluster):
        assert (it["metadata"]["name"], it["metadata"]["namespace"]) == ("orders-staging", "flux-system")
    assert shipped["gitops"]["places"] == [{"environment": "staging", "place": "apps/orders"}]
    assert "not_seen" not in shipped


def test_the_next_release_changes_the_release_and_the_digest(world: World, env: dict[str, str]) -> None:
    first = world.ship(world.image("first"), env=env)
    world.merge("apps/orders")
    second = world.ship(world.image("second"), env=env)
    changed = git(world.gitops, "diff", "--name-only", "main", "apps/orders").splitlines()
    assert changed == [RELEASE, SOURCE]
    lines = git(world.gitops, "diff", "--unified=0", "main", "apps/orders", "--", SOURCE).splitlines()
    told = [line.replace('"', "") for line in lines if line.startswith(("-  ", "+  "))]
    digests = [first["artifact"]["digest"], second["artifact"]["digest"]]
    assert told == [f"-    digest: {digests[0]}", f"+    digest: {digests[1]}"]
    assert world.ship(world.image("second"), env=env) == second
    world.merge("apps/orders")
    assert "gitops" not in world.ship(world.image("second"), env=env)


def test_an_edit_of_the_folder_arrives_with_the_digest_of_what_it_makes(world: World, env: dict[str, str]) -> None:
    image = world.image()
    first = world.ship(image, env=env)
    edit(world, "apps/orders", "timeout: 9m")
    again = world.ship(image, env=env)
    assert again["artifact"]["digest"] != first["artifact"]["digest"]
    assert file(world, SOURCE)["spec"]["ref"] == {"digest": again["artifact"]["digest"]}
    assert file(world, RELEASE)["spec"]["timeout"] == "9m"
    assert git(world.gitops, "log", "-1", "--format=%an", "apps/orders") == "Waybill"
    assert world.ship(image, env=env) == again
    world.merge("apps/orders")

    edit(world, "main", "suspend: true")  # Flux does not see it before a release moves the digest
    third = world.ship(image, env=env)
    assert git(world.gitops, "diff", "--name-only", "main", "apps/orders").splitlines() == [SOURCE]
    assert file(world, SOURCE)["spec"]["ref"] == {"digest": third["artifact"]["digest"]}
    assert "what apps/orders/staging has that Flux does not apply yet" in third["not_seen"][0]
    assert "not_seen" not in again


def test_what_flux_applies_from_the_repo_stays_so(world: World, env: dict[str, str]) -> None:
    world.ship(world.image("first"))
    world.merge("apps/orders")
    shipped = world.ship(world.image("second"), env=env)
    assert git(world.gitops, "diff", "--name-only", "main", "apps/orders").splitlines() == [RELEASE]
    assert shipped["artifact"]["repository"].endswith("/orders/staging")
    promoted = world.waybill("promote", "--to", "production", "--version", "0.1.1", env=env)
    assert promoted.code == 0, promoted.stderr  # which is new there
    branch = "promote/orders/production"
    assert file(world, "clusters/production/orders.yaml", branch)["spec"]["sourceRef"]["kind"] == "OCIRepository"


def test_without_the_setting_it_is_refused_and_a_rollback_reads_it_there(
    world: World, env: dict[str, str], tmp_path: Path
) -> None:
    with serving(tmp_path / "ledger", "orders", ["staging", "production"]) as ledger:
        first = world.ship(world.image("first"), env=env | ledger.env)
        world.merge("apps/orders")
        world.ship(world.image("second"), env=env | ledger.env)
        world.merge("apps/orders")
        ran = world.waybill("ship", "--image", world.image("third"), env=ledger.env)
        assert (ran.code, "and no `artifact` is configured" in ran.stderr) == (1, True), ran.stderr
        assert "orders-0.1.2" not in world.tags()
        rollback = ["rollback", "orders", "0.1.0", "-e", "staging", "--reason", "It loses orders", "--json"]
        ran = world.waybill(*rollback, env=ledger.env)
        assert ran.code == 0, ran.stderr
        assert ran.json["artifact"] == first["artifact"]
        source = file(world, SOURCE, "promote/orders/staging")
        assert source["spec"]["ref"] == {"digest": first["artifact"]["digest"]}
