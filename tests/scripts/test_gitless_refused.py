"""What stops a release without a GitOps repo: nothing is half done that the next run does not complete."""

import json
from pathlib import Path

import pytest

from scripts.clients.manifest import OCI_MANIFEST
from scripts.clients.registry import Registry
from scripts.errors import Refused
from scripts.gitops.artifact import pack
from scripts.promote import promote
from scripts.proposals import propose_each
from scripts.report import Notes
from scripts.session import start
from scripts.steps import move
from tests.support.builders import World, git, program
from tests.support.scripts.everything import everything
from tests.support.scripts.gitless import gitless, log, ref, repository, says, tagged
from tools.demo.image import crane


@pytest.fixture
def world(tmp_path: Path, registry: str) -> World:
    return gitless(tmp_path, registry)


def others_see(world: World) -> dict[str, bytes]:
    return {name: data for name, data in everything(world).items() if "/.waybill/" not in name}


def refused(world: World, *words: str, said: str) -> None:
    before = others_see(world)
    ran = world.waybill(*words)
    assert (ran.code, said in ran.stderr) == (1, True), ran.stderr
    assert others_see(world) == before


@pytest.mark.parametrize("command", ["plan", "ship"])
def test_an_environment_without_manifests(world: World, command: str) -> None:
    git(world.checkout, "rm", "-r", "--quiet", "deploy/staging")
    world.commit({})
    said = (
        "holds no deploy/staging, of which the manifests of staging are made.\n  what to do: `waybill init --artifact"
    )
    refused(world, command, "--image", world.image(), said=said)


@pytest.mark.long
@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("deploy/base/more.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git LFS"),
        ("deploy/staging/kustomization.yaml", "resources: [../../elsewhere]\n", "elsewhere"),
        ("deploy/staging/release.yaml", "kind: [\n", "deploy/staging/release.yaml in the release commit"),
        (
            "deploy/staging/kustomization.yaml",
            "namespace: apps\nresources: [../base]\nsecretGenerator: [{name: it, literals: [a=planted]}]\n",
            "deploy/staging in the release commit builds the Secret",
        ),
        (
            "deploy/staging/kustomization.yaml",
            "namespace: shop\nresources: [../base]\n",
            "deploy/staging/kustomization.yaml",
        ),
    ],
    ids=["a-pointer", "what-lies-outside", "no-yaml", "a-secret", "another-namespace"],
)
def test_manifests_that_cannot_be_published(world: World, path: str, text: str, said: str) -> None:
    world.commit({path: text})
    ran = world.waybill("plan", "--image", world.image())
    assert "apps/orders/" not in ran.stderr
    assert "planted" not in ran.stderr
    refused(world, "ship", "--image", world.image(), said=said)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('labels = ["x"]\nreviewers = ["ada"]', "waybill.toml says labels and reviewers, which are of a GitOps repo"),
        ('draft = true\ngitops_branch = "main"', "gitops_branch and draft"),
        ('[environment.staging]\nmerge = "auto"', 'merge = "auto"'),
        ('[environment.staging]\nhelmrelease = "a.yaml"', "helmrelease"),
    ],
)
def test_settings_of_a_gitops_repo(world: World, settings: str, said: str) -> None:
    text = (world.checkout / "waybill.toml").read_text()
    world.commit({"waybill.toml": f"{text}{settings}\n"})
    refused(world, "ship", "--image", world.image(), said=said)


def test_several_environments_at_a_time(world: World) -> None:
    words = ["ship", "--image", world.image(), "-e", "staging", "-e", "production"]
    refused(world, *words, said="one environment at a time, not to staging and production")


@pytest.mark.long
def test_a_ref_that_somebody_pushed(world: World) -> None:
    image = world.image()
    world.ship(image)
    git(world.checkout, "push", "--quiet", "--force", "origin", f"HEAD:{ref()}")
    refused(world, "ship", "--image", image, said=f"{ref()} of the source repository names")
    refused(
        world, "rollback", "orders", "0.1.0", "-e", "staging", "--reason", "x", said="which is no move of Waybill's"
    )


@pytest.mark.long
@pytest.mark.parametrize("thing", ["main:waybill.toml", "main^{tree}"])
def test_a_ref_that_names_no_commit(world: World, thing: str) -> None:
    git(world.origin, "update-ref", ref(), git(world.origin, "rev-parse", thing))
    refused(world, "ship", "--image", world.image(), said="which is no move of Waybill's")


@pytest.mark.long
@pytest.mark.parametrize("other", [ref().rpartition("/")[0], f"{ref()}/more"])
def test_a_ref_that_leaves_no_room(world: World, other: str) -> None:
    git(world.origin, "update-ref", other, "main")
    refused(world, "ship", "--image", world.image(), said=f"has {other}, beside which there can be no {ref()}")


def push(world: World, tag: str, revision: str) -> str:
    """Somebody else's manifests under a tag of staging, which say that they are of this revision."""
    source = "https://example.org/acme/orders"
    it = pack({"orders.yaml": b"{}\n"}, source=source, revision=revision, created="2026-01-02T03:04:05Z")
    place = f"{repository(world)}/staging"
    return Registry().push(place, tag, it.manifest, OCI_MANIFEST, (it.config, it.layer))


@pytest.mark.long
def test_other_content_under_the_version(world: World) -> None:
    image = world.image()
    commit = json.loads(world.waybill("plan", "--json", "--image", image).stdout)["waybill"]["source"]["release_commit"]
    push(world, "0.1.0", f"orders-0.1.0@sha1:{commit}")
    refused(world, "ship", "--image", image, said="staging:0.1.0 is published with other content")
    push(world, "0.1.0", f"orders-0.1.0@sha1:{'0' * 40}")
    refused(world, "ship", "--image", image, said=f"holds orders-0.1.0@sha1:{'0' * 40}")


@pytest.mark.long
def test_what_was_deleted_in_the_registry_is_published_anew(world: World) -> None:
    images = [world.image()]
    world.ship(images[0])
    images.append(world.image("other"))
    world.ship(images[1])
    first, second = tagged(world, "0.1.0"), tagged(world, "0.1.1")
    for digest in (first, second):
        crane("delete", "--insecure", f"{repository(world)}/staging@{digest}")
    ran = world.waybill("ship", "--image", images[0])  # which is superseded
    assert (ran.code, f"holds no {second}, which {ref()} says" in ran.stderr) == (1, True), ran.stderr
    world.ship(images[1])
    assert tagged(world, "staging") == tagged(world, "0.1.1") == second == says(world)
    assert len(log(world)) == 2
    assert world.waybill("rollback", "orders", "0.1.0", "-e", "staging", "--reason", "x").code == 0
    assert tagged(world, "staging") == tagged(world, "0.1.0") == first == says(world)


@pytest.mark.long
def test_the_tag_that_somebody_moved_is_set_right(world: World) -> None:
    """By the next run, whatever it is."""
    image = world.image()
    world.ship(image)
    foreign = push(world, "staging", "main@sha1:1")
    assert tagged(world, "staging") == foreign
    ran = world.waybill("ship", "--image", image)
    assert (ran.code, "tag: " in ran.stderr) == (0, True), ran.stderr
    assert tagged(world, "staging") == tagged(world, "0.1.0") == says(world)


@pytest.mark.long
def test_a_ref_that_always_moves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is always quicker: of each push the hook makes another one."""
    world.ship(world.image())
    world.commit({"README.md": "more"})
    world.ship(world.image())
    other = git(world.origin, "rev-parse", f"{ref()}^")
    said = f"Waybill-Release: orders 0.1.0\nWaybill-Manifests: sha256:{'a' * 64}\nWaybill-Kind: ship"
    hook = f"""\
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
read old new name
made=$(git -c user.name=a -c user.email=b commit-tree "{other}^{{tree}}" -p {other} -m "$$

{said}")
git update-ref "$name" "$made"
exit 1"""
    program(world.origin / "hooks", "pre-receive", hook)
    monkeypatch.setattr(move, "TRIES", 2)
    monkeypatch.setattr(move, "LONGEST", 0.01)
    here = start({}, path=None, remote="origin", waybill=None, report=Notes(), cwd=world.checkout)
    with here.opened() as repo, pytest.raises(Refused, match="moved 2 times"):
        propose_each(here, promote(here, ["production"], "0.1.1", None, dry_run=False), repo)
