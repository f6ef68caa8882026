"""Releasers of one service at once, each in a clone of its own: every one gets a version, and no version two."""

import io
import os
import tarfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.clients.git import Git
from scripts.clients.manifest import CHART_LAYER
from scripts.clients.registry import Registry
from tests.support.builders import Ran, World, git

pytestmark = pytest.mark.long

ROUNDS = 10 if os.environ.get("WAYBILL_TORTURE") else 1  # of each kind


def clone(world: World, name: str, commit: str) -> Path:
    """A clone with `commit` checked out."""
    folder = world.folder / name
    git(world.folder, "clone", "--quiet", str(world.origin), str(folder))
    git(folder, "checkout", "--quiet", commit)
    return folder


def sibling(world: World, name: str) -> str:
    """A commit on a branch of its own, which descends from main's first commit alone."""
    first = git(world.checkout, "rev-list", "--max-parents=0", "HEAD")
    git(world.checkout, "checkout", "--quiet", "-B", name, first)
    (world.checkout / "NOTES.md").write_text(f"{name}\n")
    git(world.checkout, "add", "-A")
    git(world.checkout, "commit", "--quiet", "-m", name)
    git(world.checkout, "push", "--quiet", "origin", name)
    return git(world.checkout, "rev-parse", "HEAD")


def ship_at_once(world: World, releases: Sequence[tuple[Path, str]]) -> list[Ran]:
    """Ships each image in its clone, all at the same time."""
    with ThreadPoolExecutor(len(releases)) as pool:
        return list(pool.map(lambda one: world.waybill("ship", "--json", "--image", one[1], cwd=one[0]), releases))


def assert_what_is_tagged_is_published(world: World, releases: int) -> None:
    """Every tag names one chart, made of that tag's tree, and there is no other chart."""
    repository, tags = f"{world.registry}/charts-{world.folder.name}/orders", world.tags()
    versions = {tag.removeprefix("orders-") for tag in tags}
    assert len(tags) == len(set(tags.values())) == releases
    assert set(Registry().tags(repository)) == versions == {f"0.1.{number}" for number in range(releases)}
    for tag, commit in tags.items():
        manifest = Registry().manifest(repository, tag.removeprefix("orders-"))
        assert manifest
        (layer,) = (layer.digest for layer in manifest.layers if layer.media_type == CHART_LAYER)
        with tarfile.open(fileobj=io.BytesIO(Registry().blob(repository, layer))) as tar:
            files = {member.name.removeprefix("orders/"): tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
        tree = {entry.path: entry.data for entry in Git(world.origin).tree(commit, "chart")}
        assert files.keys() == tree.keys()
        # Helm writes Chart.yaml anew; every other file as it is.
        assert {name: files[name] for name in files if name != "Chart.yaml"} == {
            name: tree[name] for name in tree if name != "Chart.yaml"
        }
        assert manifest.annotations
        assert manifest.annotations["org.opencontainers.image.version"] == tag.removeprefix("orders-")
        assert manifest.annotations["org.opencontainers.image.revision"] == git(world.origin, "rev-parse", f"{commit}^")


@pytest.mark.torture
def test_two_at_once_get_two_versions_and_each_its_own_chart(world: World) -> None:
    for number in range(ROUNDS):
        commits = [sibling(world, f"{side}-{number}") for side in ("left", "right")]
        pair = [(clone(world, f"{number}-{commit}", commit), world.image(f"image {number}")) for commit in commits]
        commit = sibling(world, f"one-{number}")
        twins = [
            (clone(world, f"{number}-{side}", commit), world.image(f"{side} {number}")) for side in ("left", "right")
        ]
        for releases in (pair, twins):
            done = ship_at_once(world, releases)
            assert [ran.code for ran in done] == [0, 0], [ran.stderr for ran in done]
            for (_, image), ran in zip(releases, done, strict=True):
                assert ran.json["images"][0]["digest"] == image.partition("@")[2]
                assert world.tags()[ran.json["source"]["tag"]] == ran.json["source"]["release_commit"]
    assert_what_is_tagged_is_published(world, releases=4 * ROUNDS)
    highest = max(world.tags(), key=lambda tag: int(tag.rpartition(".")[2]))
    proposed = git(world.gitops, "show", "apps/orders:apps/orders/staging/release.yaml")
    assert f'version: "{highest.removeprefix("orders-")}"' in proposed


@pytest.mark.torture
def test_the_same_release_twice_at_once_is_one(world: World) -> None:
    head, image = git(world.checkout, "rev-parse", "HEAD"), world.image()
    done = ship_at_once(world, [(clone(world, name, head), image) for name in ("a", "b")])
    assert [ran.code for ran in done] == [0, 0], [ran.stderr for ran in done]
    assert done[0].json == done[1].json
    assert_what_is_tagged_is_published(world, releases=1)


@pytest.mark.torture
def test_a_commit_and_its_child_never_swap(world: World) -> None:
    image = world.image()
    releases = 0
    for number in range(ROUNDS):
        older = world.commit({"NOTES.md": f"{number}\n"})
        newer = world.commit({"NOTES.md": f"{number}, continued\n"})
        both = [(clone(world, f"{side}-{number}", side), image) for side in (older, newer)]
        first, second = ship_at_once(world, both)
        assert second.code == 0, second.stderr
        releases += 1
        if first.code == 0:
            releases += 1
            low, high = (int(ran.json["chart"]["version"].rpartition(".")[2]) for ran in (first, second))
            assert low < high
        else:
            assert "is older than" in first.stderr
    assert_what_is_tagged_is_published(world, releases=releases)
