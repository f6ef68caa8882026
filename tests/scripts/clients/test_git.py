"""git reads and writes the repository that it was given, wherever and by whomever it is started."""

import os
import shutil
from pathlib import Path

import pytest

from scripts.clients.git import Git
from scripts.errors import Refused
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


@pytest.fixture
def repository(tmp_path: Path) -> Git:
    """An empty one."""
    git(tmp_path, "init", "--quiet", "repository")
    return Git(tmp_path / "repository")


def test_a_commit_that_is_not_there_is_named(repository: Git) -> None:
    with pytest.raises(Refused, match="could not compare 000000000000 with 111111111111"):
        repository.is_ancestor("0" * 40, "1" * 40)
    with pytest.raises(Refused, match="git finds no 0000"):
        repository.committed("0" * 40)


def test_a_shallow_clone_whose_remote_is_gone(world: World) -> None:
    world.commit({})
    git(world.folder, "clone", "--quiet", "--depth=1", f"file://{world.origin}", "shallow")
    shutil.rmtree(world.origin)
    with pytest.raises(Refused, match="This clone is shallow and origin did not give the rest"):
        Git(world.folder / "shallow").deepen("origin")


def test_a_tree_is_written_as_git_add_would(repository: Git) -> None:
    top = repository.folder
    for path in ("a.b/x", "a/deep/one", "a/two", "a0", "b\u00e9", "run"):
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(path)
    (top / "run").chmod(0o755)
    (top / "link").symlink_to("run")
    (top / os.fsdecode(b"\xff")).write_text("no text")
    git(top, "add", ".")
    git(top, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    git(top, "commit", "--quiet", "--message", "all kinds")
    changes = {"a/deep/one": b"1", "a/deep/new/er": b"2", "run": b"3", "b\u00e9": b""}
    made = repository.write_tree("HEAD^{tree}", changes)
    assert repository.write_tree("HEAD", changes) == made
    for path, data in changes.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(data)
        git(top, "add", path)
    assert made == git(top, "write-tree", "--missing-ok")
    for path, what in {"a0/b": "a0 is a file", "link": "link is a symbolic link", "module/a": "module is a submodule",
                       "a": "a is a folder"}.items():  # fmt: skip
        with pytest.raises(Refused, match=f"{what}, where Waybill writes a f"):
            repository.write_tree("HEAD", {path: b""})


def test_many_files_are_read_and_one_that_is_missing_leaves_the_others_readable(repository: Git) -> None:
    top, texts = repository.folder, {f"{number % 40}/{number}": f"{number // 2}".encode() for number in range(1200)}
    for path, text in texts.items():
        (top / path).parent.mkdir(exist_ok=True)
        (top / path).write_bytes(text)
    git(top, "add", ".")
    git(top, "commit", "--quiet", "--message", "many")
    assert {path: data for path, data in repository.files("HEAD", ".").items() if path in texts} == texts
    entries = f"100644 blob {'1' * 40}\tgone\n100644 blob {git(top, 'rev-parse', 'HEAD:1/1')}\there\n"
    tree = repository.run("mktree", "--missing", input=entries.encode())
    with pytest.raises(Refused, match="git finds no 1111"):
        repository.files(tree, ".")
    assert repository.blob(tree, "here") == b"0"
    assert repository.files("HEAD", "2") == {path: data for path, data in texts.items() if path.startswith("2/")}
