"""Release commits and proposals as a repository's rules want them: author, title, signature, annotated tags; they are
still known as Waybill's own."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.builders import World, git, program

pytestmark = pytest.mark.long

Key = Callable[[Path], AbstractContextManager[dict[str, str]]]
WHO = "Release Bot <bot@acme.example>"
SETTINGS = f'commit_author = "{WHO}"\ncommit_title = "chore(release): {{title}} [skip ci]"\nannotated_tags = true\n'
LOG = "--format=%an <%ae>|%cn <%ce>|%s"


def settings(world: World, text: str) -> None:
    world.commit({"waybill.toml": text + (world.checkout / "waybill.toml").read_text()})


def test_author_title_and_tags_are_as_they_are_set(world: World) -> None:
    settings(world, SETTINGS)
    image = world.image()
    shipped = world.ship(image)
    said = f"{WHO}|{WHO}|chore(release): orders 0.1.0"
    assert git(world.origin, "log", "-1", LOG, "orders-0.1.0") == f"{said} [skip ci]"
    assert git(world.gitops, "log", "-1", LOG, "apps/orders") == f"{said} to staging [skip ci]"
    assert (
        '"title": "chore(release): orders 0.1.0 to staging [skip ci]"'
        in (world.gitops / "waybill-proposals/1.json").read_text()
    )
    tag = git(world.origin, "cat-file", "tag", "orders-0.1.0")
    assert f"object {shipped['source']['release_commit']}\ntype commit\ntag orders-0.1.0\ntagger {WHO} " in tag
    assert git(world.origin, "cat-file", "-t", "orders-0.1.0") == "tag"
    assert subprocess.run(["git", "fsck", "--strict"], cwd=world.origin, check=False).returncode == 0
    assert world.ship(image) == shipped
    second = world.ship(world.image("two"))
    assert second["chart"]["version"] == "0.1.1"
    # Its own commit was replaced, not built upon.
    assert git(world.gitops, "rev-list", "--count", "main..apps/orders") == "1"
    ran = world.waybill("promote", "--json", "--to", "production", "--version", "0.1.0")
    assert ran.code == 0, ran.stderr
    assert ran.json["source"]["release_commit"] == shipped["source"]["release_commit"]


def test_a_commit_that_the_same_person_amended_stays(world: World) -> None:
    settings(world, f'commit_author = "{WHO}"\n')
    world.ship(world.image())
    git(world.reviewed, "fetch", "--quiet", "origin")
    git(world.reviewed, "checkout", "--quiet", "--detach", "origin/apps/orders")
    (world.reviewed / "note.md").write_text("Mine.\n")
    git(world.reviewed, "add", "note.md")
    name, email = WHO.rstrip(">").split(" <")
    env = {**os.environ, "GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": email}
    subprocess.run(["git", "commit", "--quiet", "--amend", "--no-edit"], cwd=world.reviewed, env=env, check=True)
    git(world.reviewed, "push", "--quiet", "--force", "origin", "HEAD:apps/orders")
    world.ship(world.image("two"))
    assert git(world.gitops, "show", "apps/orders:note.md") == "Mine."


def test_an_earlier_commit_of_waybills_own_author_is_known_as_its_own(world: World) -> None:
    world.ship(world.image())
    settings(world, SETTINGS)
    world.ship(world.image("two"))
    assert git(world.gitops, "rev-list", "--count", "main..apps/orders") == "1"
    assert world.tags().keys() == {"orders-0.1.0", "orders-0.1.1"}


@contextmanager
def ssh_key(folder: Path) -> Iterator[dict[str, str]]:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    public = (folder / "key.pub").read_text().strip()
    (folder / "allowed").write_text(f"bot@acme.example {public}\n")
    yield {
        "gpg.format": "ssh",
        "user.signingKey": str(folder / "key.pub"),
        "gpg.ssh.allowedSignersFile": str(folder / "allowed"),
    }


@contextmanager
def gpg_key(folder: Path) -> Iterator[dict[str, str]]:
    """The agent's socket allows a short path alone."""
    with TemporaryDirectory(prefix="g") as home:
        made = ["--batch", "--passphrase", "", "--quick-gen-key", WHO, "ed25519", "sign", "never"]
        subprocess.run(["gpg", "--homedir", home, *made], check=True, capture_output=True)
        program(folder, "gpg-of-tests", f'exec gpg --homedir {home} "$@"')
        yield {"gpg.program": str(folder / "gpg-of-tests")}
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True)


@pytest.mark.parametrize("key", [ssh_key, gpg_key])
def test_commits_are_signed_as_the_checkout_is_configured(world: World, key: Key) -> None:
    (world.folder / "keys").mkdir()
    with key(world.folder / "keys") as said:
        _signed(world, said)


def _signed(world: World, said: dict[str, str]) -> None:
    for name, value in said.items():
        git(world.checkout, "config", name, value)
    settings(world, f'commit_author = "{WHO}"\ncommit_sign = true\n')
    image = world.image()
    planned = world.waybill("plan", "--image", image)
    assert "commits are not signed here" in planned.stderr
    shipped = world.ship(image)
    for repository, revision in ((world.origin, "orders-0.1.0"), (world.gitops, "apps/orders")):
        flags = [word for name, value in said.items() for word in ("-c", f"{name}={value}")]
        git(repository, *flags, "verify-commit", revision)
    again = world.ship(image)
    assert again["source"] == shipped["source"]
    assert again["gitops"] == shipped["gitops"]
    world.ship(world.image("two"))
    assert git(world.gitops, "rev-list", "--count", "main..apps/orders") == "1"


@pytest.mark.parametrize("key", [ssh_key, gpg_key])
def test_an_annotated_tag_is_signed_as_well(world: World, key: Key) -> None:
    (world.folder / "keys").mkdir()
    settings(world, f'commit_author = "{WHO}"\ncommit_sign = true\nannotated_tags = true\n')
    with key(world.folder / "keys") as said:
        for name, value in said.items():
            git(world.checkout, "config", name, value)
        image = world.image()
        shipped = world.ship(image)
        flags = [word for name, value in said.items() for word in ("-c", f"{name}={value}")]
        git(world.origin, *flags, "verify-tag", "orders-0.1.0")
        assert f"\ntagger {WHO} " in git(world.origin, "cat-file", "tag", "orders-0.1.0")
        assert git(world.origin, "rev-parse", "orders-0.1.0^{}") == shipped["source"]["release_commit"]
        there = git(world.origin, "rev-parse", "orders-0.1.0")
        assert world.ship(image) == shipped
        assert git(world.origin, "rev-parse", "orders-0.1.0") == there
        assert git(world.checkout, "for-each-ref", "refs/tags") == ""


def test_a_tag_that_cannot_be_signed_is_refused_before_anything_is_out(world: World) -> None:
    (world.folder / "keys").mkdir()
    settings(world, f'commit_author = "{WHO}"\ncommit_sign = true\nannotated_tags = true\n')
    with gpg_key(world.folder / "keys") as said:
        signs_commits = f'cat >"$0.in"; ! grep -q ^tagger "$0.in" && exec {said["gpg.program"]} "$@" <"$0.in"'
        program(world.folder / "keys", "for-commits", signs_commits)
        git(world.checkout, "config", "gpg.program", str(world.folder / "keys" / "for-commits"))
        ran = world.waybill("ship", "--json", "--image", world.image())
    assert (ran.code, ran.json["fault"]) == (1, "machine")
    assert f"could not sign the tag orders-0.1.0 of {WHO}" in ran.json["refused"]
    assert world.tags() == {}
    assert git(world.gitops, "for-each-ref", "refs/heads/apps") == ""


def test_a_key_that_is_not_there_is_refused_before_anything_is_out(world: World) -> None:
    settings(world, f'commit_author = "{WHO}"\ncommit_sign = true\n')
    git(world.checkout, "config", "gpg.format", "ssh")
    git(world.checkout, "config", "user.signingKey", str(world.folder / "absent.pub"))
    ran = world.waybill("ship", "--json", "--image", world.image())
    assert (ran.code, ran.json["fault"]) == (1, "machine")
    assert "could not sign a commit of Release Bot <bot@acme.example>" in ran.json["refused"]
    assert world.tags() == {}
    assert git(world.gitops, "for-each-ref", "refs/heads/apps") == ""
