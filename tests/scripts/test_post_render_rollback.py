"""An environment whose HelmRelease sets the digest: promote and rollback set it there, as the release has it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.builders import DEPLOYMENT, World, git, run_waybill
from tests.support.running_ledger import RunningLedger, serving

pytestmark = pytest.mark.long

BRANCH = "promote/orders/production"
RELEASE = "apps/orders/production/release.yaml"
USED = '"{{ .Values.image.repository }}@{{ .Values.image.digest }}"'


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    with serving(tmp_path / "ledger", "orders", ["production"]) as it:
        yield it


def release(world: World) -> str:
    return git(world.gitops, "show", f"{BRANCH}:{RELEASE}")


@pytest.fixture
def pinned(world: World, ledger: RunningLedger) -> tuple[World, str, str]:
    """Production has the second of two releases; the chart names the image by a tag of its own."""
    one, two = world.image("one"), world.image("two")
    repository = one.partition("@")[0]
    toml = (world.checkout / "waybill.toml").read_text()
    world.commit(
        {
            "chart/templates/deployment.yaml": DEPLOYMENT.replace(USED, f'"{repository}:1.4"'),
            "waybill.toml": f'{toml}[image]\npost_render = "{repository}"\n',
        }
    )
    for image, version in ((one, "0.1.0"), (two, "0.1.1")):
        world.ship(image, env=ledger.env)
        ran = world.waybill("promote", "--to", "production", "--version", version, env=ledger.env)
        assert ran.code == 0, ran.stderr
        assert image.partition("@")[2] in release(world).partition("postRenderers")[2]
        world.merge(BRANCH)
    # Since then the chart has a key for the image.
    world.commit({"chart/templates/deployment.yaml": DEPLOYMENT, "waybill.toml": toml})
    return world, one.partition("@")[2], two.partition("@")[2]


@pytest.mark.parametrize("where", ["away", "remote", "checkout"])
def test_the_digest_goes_back_with_the_release(
    pinned: tuple[World, str, str], ledger: RunningLedger, where: str, tmp_path: Path
) -> None:
    world, one, two = pinned
    folder = world.checkout if where == "checkout" else tmp_path / "away"
    folder.mkdir(exist_ok=True)
    command = ["rollback", "orders", "0.1.0", "-e", "production", "--reason", "It loses orders.", "--json"]
    command += ["--remote", world.origin.as_uri()] if where == "remote" else []
    ran = run_waybill(*command, cwd=folder, env={"WAYBILL_GITOPS": str(world.gitops), **ledger.env})
    assert ran.code == 0, ran.stderr
    written = release(world)
    assert 'version: "0.1.0"' in written
    assert one in written.partition("postRenderers")[2]
    assert two not in written


def test_where_no_file_tells_it_the_remedy_is_the_address(
    pinned: tuple[World, str, str], ledger: RunningLedger, tmp_path: Path
) -> None:
    world, one, _ = pinned
    file = world.reviewed / RELEASE
    file.write_text(re.sub(r"  postRenderers:\n(   .*\n|  -.*\n)*", "", file.read_text()))
    git(world.reviewed, "commit", "--quiet", "--all", "--message", "No post-renderer")
    git(world.reviewed, "push", "--quiet", "origin", "main")
    head = git(world.gitops, "rev-parse", "main", BRANCH)
    folder = tmp_path / "away"
    folder.mkdir()
    command = ["rollback", "orders", "0.1.0", "-e", "production", "--reason", "It loses orders.", "--json"]
    env = {"WAYBILL_GITOPS": str(world.gitops), **ledger.env}
    ran = run_waybill(*command, cwd=folder, env=env)
    assert ran.code == 1, ran.stdout
    assert "--remote https://example.org/acme/orders" in ran.json["remedy"]
    assert git(world.gitops, "rev-parse", "main", BRANCH) == head
    ran = run_waybill(*command, "--remote", world.origin.as_uri(), cwd=folder, env=env)
    assert ran.code == 0, ran.stderr
    assert one in release(world).partition("postRenderers")[2]


def test_promote_sets_the_digest_as_the_release_commit_says(pinned: tuple[World, str, str]) -> None:
    world, one, _ = pinned
    toml = (world.checkout / "waybill.toml").read_text()
    world.commit({"waybill.toml": toml.replace('"production"]', '"production", "later"]')})
    ran = world.waybill("promote", "--to", "later", "--version", "0.1.0", "--json")
    assert ran.code == 0, ran.stderr
    written = git(world.gitops, "show", "promote/orders/later:apps/orders/later/release.yaml")
    assert one in written.partition("postRenderers")[2]
