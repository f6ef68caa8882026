"""git reads and writes the repository that it was given, wherever and by whomever it is started."""

import os

import pytest

from scripts.clients.git import Git
from tests.support.builders import World, git


def test_as_a_hook_of_another_repository_it_still_works_on_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git gives its hooks variables that point at its own repository."""
    head = git(world.checkout, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(world.gitops))
    monkeypatch.setenv("GIT_INDEX_FILE", str(world.folder / "index"))
    repository = Git(world.checkout)
    assert repository.commit("HEAD") == head
    assert repository.run("rev-parse", "HEAD") == head
    repository.write_tree(head, {"new": b""})
    assert not (world.folder / "index").exists()
    assert os.environ["GIT_DIR"] == str(world.gitops)
