"""`waybill ship`: one digest goes through every step, and the same input is the same release."""

import json

import httpx
import pytest

from tests.support.builders import World, git
from tests.support.scripts.everything import everything


def chart_tags(world: World) -> list[str]:
    answer = httpx.get(f"http://{world.registry}/v2/charts-{world.folder.name}/orders/tags/list")
    return sorted(answer.json()["tags"])


def test_a_digest_goes_through_every_step(world: World) -> None:
    image = world.image()
    repository, digest = image.split("@")
    waybill = world.ship(image)

    assert waybill["images"] == [
        {
            "name": "orders",
            "repository": repository,
            "digest": digest,
            "manifests": {"linux/amd64": digest},
            "checked": True,
        }
    ]
    assert waybill["source"]["repository"] == "https://example.org/acme/orders"
    assert waybill["source"]["commit"] == git(world.checkout, "rev-parse", "HEAD")
    assert world.tags() == {"orders-0.1.0": waybill["source"]["release_commit"]}
    published = httpx.get(
        f"http://{world.registry}/v2/charts-{world.folder.name}/orders/manifests/0.1.0",
        headers={"Accept": "application/vnd.oci.image.manifest.v1+json"},
    )
    assert published.headers["docker-content-digest"] == waybill["chart"]["digest"]
    assert published.json()["layers"][0]["digest"] == waybill["chart"]["archive"]
    proposed = git(world.gitops, "show", "apps/orders:apps/orders/staging/release.yaml")
    assert image in proposed
    assert 'version: "0.1.0"' in proposed
    assert waybill["gitops"]["commit"] == git(world.gitops, "rev-parse", "apps/orders")
    assert json.loads((world.checkout / ".waybill" / "orders.json").read_text()) == waybill


@pytest.mark.long
def test_the_release_commit_changes_the_image_and_the_version_alone(world: World) -> None:
    image = world.image()
    waybill = world.ship(image)
    commit, source = waybill["source"]["release_commit"], waybill["source"]["commit"]

    assert git(world.origin, "rev-parse", f"{commit}^@") == source
    patch = git(world.origin, "diff", "--unified=0", source, commit)
    changed = [line for line in patch.splitlines() if line[0] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == [
        '-appVersion: "none"',
        f'+appVersion: "{source[:12]}"',
        "+annotations:",
        '+  org.opencontainers.image.source: "https://example.org/acme/orders"',
        f'+  org.opencontainers.image.revision: "{source}"',
        f'+  waybill/image: "{image}"',
        "-  repository: example.org/none   # where it lies",
        '-  digest: ""',
        f"+  repository: {image.split('@')[0]}   # where it lies",
        f'+  digest: "{image.split("@")[1]}"',
    ]


@pytest.mark.long
def test_nothing_of_the_user_moves(world: World) -> None:
    refs = git(world.checkout, "for-each-ref")
    branches = git(world.origin, "for-each-ref", "refs/heads")
    world.ship(world.image())
    assert git(world.checkout, "for-each-ref") == refs
    assert git(world.origin, "for-each-ref", "refs/heads") == branches
    assert git(world.checkout, "status", "--porcelain", "--ignored") == "!! .waybill/"


@pytest.mark.long
def test_shipping_from_a_fresh_clone_publishes_nothing_new(world: World) -> None:
    image = world.image()
    first = world.ship(image)
    proposed = git(world.gitops, "for-each-ref")
    clone = world.folder / "elsewhere" / "clone"
    git(world.folder, "clone", "--quiet", str(world.origin), str(clone))

    assert world.ship(image, cwd=clone) == first
    assert world.tags() == {"orders-0.1.0": first["source"]["release_commit"]}
    assert chart_tags(world) == ["0.1.0"]
    assert git(world.gitops, "for-each-ref") == proposed


@pytest.mark.long
def test_another_image_or_commit_is_the_next_version(world: World) -> None:
    world.ship(world.image())
    assert world.ship(world.image("two"))["chart"]["version"] == "0.1.1"
    world.commit({"README.md": "more"})
    assert world.ship(world.image("two"), "--part", "minor")["chart"]["version"] == "0.2.0"
    assert sorted(world.tags()) == ["orders-0.1.0", "orders-0.1.1", "orders-0.2.0"]


@pytest.mark.long
def test_what_is_not_committed_is_named_and_not_shipped(world: World) -> None:
    (world.checkout / "chart" / "values.yaml").write_text("greeting: edited")
    (world.checkout / "chart" / "templates" / "extra.yaml").write_text("{}")
    ran = world.waybill("ship", "--json", "--image", world.image())
    assert ran.code == 0
    assert "chart/values.yaml has changes that are not committed" in ran.stderr
    assert "chart/templates/extra.yaml has changes that are not committed" in ran.stderr
    release = ran.json["source"]["release_commit"]
    assert "edited" not in git(world.origin, "show", f"{release}:chart/values.yaml")
    assert (world.checkout / "chart" / "values.yaml").read_text() == "greeting: edited"


@pytest.mark.long
def test_an_older_commit_is_refused_unless_allowed(world: World) -> None:
    older = git(world.checkout, "rev-parse", "HEAD")
    world.commit({"README.md": "newer"})
    world.ship(world.image())
    git(world.checkout, "checkout", "--quiet", older)
    ran = world.waybill("ship", "--image", world.image("old"))
    assert ran.code == 1
    assert "is older than" in ran.stderr
    assert "--allow-older" in ran.stderr
    assert list(world.tags()) == ["orders-0.1.0"]
    assert world.ship(world.image("old"), "--allow-older")["chart"]["version"] == "0.1.1"


@pytest.mark.long
def test_a_released_commit_and_image_take_no_other_version(world: World) -> None:
    image = world.image()
    first = world.ship(image)
    ran = world.waybill("ship", "--image", image, "--version", "3.0.0")
    assert ran.code == 1
    assert "orders-0.1.0" in ran.stderr
    ran = world.waybill("ship", "--json", "--image", image, "--part", "major")
    assert ran.json == first
    assert "--part major is ignored" in ran.stderr


@pytest.mark.long
def test_a_shallow_clone_is_deepened(world: World) -> None:
    image = world.image()
    first = world.ship(image)
    world.commit({"README.md": "newer"})
    world.ship(world.image("two"))
    clone = world.folder / "shallow"
    git(world.folder, "clone", "--quiet", "--depth=1", f"file://{world.origin}", str(clone))
    assert world.ship(world.image("three"), cwd=clone)["chart"]["version"] == "0.1.2"
    git(clone, "checkout", "--quiet", first["source"]["commit"])
    assert world.ship(image, cwd=clone)["source"] == first["source"]


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("ghcr.io/acme/orders:1.2.3", "does not name an image by digest"),
        ("ghcr.io/acme/orders@sha256:abc", "does not name an image by digest"),
        ("oci://ghcr.io/acme/orders@sha256:" + "0" * 64, "does not name an image by digest"),
        ("{world}/nothing@sha256:" + "0" * 64, "holds no sha256:000"),
    ],
)
def test_an_image_that_is_none_is_refused_before_anything_happens(world: World, image: str, said: str) -> None:
    ran = world.waybill("ship", "--json", "--image", image.replace("{world}", world.registry))
    assert ran.code == 1
    assert said in ran.stderr
    assert ran.json["fault"] == "you"
    assert world.tags() == {}
    assert not (world.checkout / ".waybill").exists()


def test_settings_that_stop_a_later_step_are_refused_before_the_first(world: World) -> None:
    ran = world.waybill("ship", "--image", world.image(), "--environment", "moon")
    assert ran.code == 1
    assert "moon is no environment" in ran.stderr
    assert world.tags() == {}


@pytest.mark.parametrize("command", ["plan", "ship", "promote"])
def test_a_ledger_to_which_the_token_may_not_travel_is_refused_first(world: World, command: str) -> None:
    image = world.image()
    before = everything(world)
    rest = ["--to", "staging", "--version", "0.1.0"] if command == "promote" else ["--image", image]
    env = {"WAYBILL_LEDGER": "http://ledger.example.org", "WAYBILL_LEDGER_TOKEN": "token"}
    ran = world.waybill(command, "--json", *rest, env=env)
    assert (ran.code, ran.json["fault"]) == (1, "you")
    assert "http://ledger.example.org is not https" in ran.json["refused"]
    assert everything(world) == before


def test_without_a_registry_nothing_is_proposed(world: World) -> None:
    toml = world.checkout / "waybill.toml"
    toml.write_text("".join(line for line in toml.read_text().splitlines(True) if not line.startswith("registry")))
    ran = world.waybill("ship", "--image", world.image())
    assert ran.code == 1
    assert "No registry is configured" in ran.stderr
    assert world.tags() == {}


def test_a_repository_without_the_remote_is_refused(world: World) -> None:
    git(world.checkout, "remote", "remove", "origin")
    ran = world.waybill("ship", "--image", world.image())
    assert ran.code == 1
    assert "no remote `origin`" in ran.stderr


def test_what_no_ledger_would_file_is_refused_before_anything_is_published(world: World) -> None:
    ran = world.waybill("ship", "--image", world.image(), env={"WAYBILL_RUN": "job 7"})
    assert (ran.code, world.tags()) == (1, {})
    assert "no ledger files such a text" in ran.stderr


def test_a_ledger_without_a_token_for_it_is_refused_before_anything_is_published(world: World) -> None:
    ran = world.waybill("ship", "--image", world.image(), env={"WAYBILL_LEDGER": "http://127.0.0.1:9"})
    assert (ran.code, world.tags()) == (1, {})
    assert "A release is filed with a token of the ledger, and none is given." in ran.stderr


@pytest.mark.long
def test_the_result_says_what_is_proposed_where_and_why_nothing_is(world: World) -> None:
    """The GitOps repo is a path, so its proposal is a file of this machine."""
    image = world.image()
    shipped = world.ship(image)
    assert "proposal" not in shipped["gitops"]
    (proposal,) = world.gitops.glob("waybill-proposals/*.json")
    assert f"not in the record  apps/orders: {proposal.as_uri()}\n" in world.waybill("ship", "--image", image).stdout
    world.merge("apps/orders")
    again = world.ship(image)
    assert ("gitops" in again, again["not_proposed"]) == (False, {"staging": "main has 0.1.0 already"})
    table = world.waybill("ship", "--image", image, env={"WAYBILL_ENVIRONMENTS": "staging, qa"}).stdout
    assert "not proposed  staging: main has 0.1.0 already\n" in table
