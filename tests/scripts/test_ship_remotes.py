"""One repository under the addresses that people give it: one identity, and no credential of theirs anywhere."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.builders import Ran, World, git
from tests.support.git_host import git_host
from tests.support.stopping import Stopper
from tools.demo.image import crane

PASSWORD = "pl4nted/p@ssw0rd"
LOGIN = f"ada:{PASSWORD}"
IDENTITY = "https://git.example.org/acme/orders"
ADDRESSES = [
    "https://git.example.org/acme/orders.git",
    f"https://ada:{quote(PASSWORD, safe='')}@git.example.org/acme/orders.git",
    f"https://ada:{quote(PASSWORD, safe='')}@Git.Example.org:443/acme/orders/",
    "git@git.example.org:acme/orders.git",
    "ssh://git@git.example.org:2222/acme/orders.git",
]


@pytest.fixture
def host(world: World, tmp_path: Path) -> Iterator[dict[str, str]]:
    served = tmp_path / "served"
    (served / "acme").mkdir(parents=True)
    # With and without `.git` it is one repository, as on every host.
    for name in ("orders.git", "orders"):
        (served / "acme" / name).symlink_to(world.origin)
    git(world.origin, "config", "http.receivepack", "true")
    with git_host(tmp_path / "host", served, "git.example.org", LOGIN) as env:
        yield env | credentials(tmp_path)


def credentials(folder: Path) -> dict[str, str]:
    """git's own credential store knows the login."""
    store = folder / "git-credentials"
    store.write_text(f"https://ada:{quote(PASSWORD, safe='')}@git.example.org\n")
    (folder / "gitconfig").write_text(f"[credential]\n\thelper = store --file={store}\n")
    return {"GIT_CONFIG_GLOBAL": str(folder / "gitconfig")}


def clone(world: World, name: str, address: str) -> Path:
    folder = world.folder / name
    git(world.folder, "clone", "--quiet", str(world.origin), str(folder))
    git(folder, "remote", "set-url", "origin", address)
    toml = folder / "waybill.toml"
    toml.write_text(re.sub("source_repository.*\n", "", toml.read_text()))
    return folder


def assert_not_leaked(world: World, ran: Ran, acts: list[str], folder: Path) -> None:
    forms = (PASSWORD, quote(PASSWORD, safe=""), PASSWORD.replace("/", "\\/"))
    kept = [path.read_bytes() for path in (folder / ".waybill").rglob("*") if path.is_file()]
    objects = [
        git(repository, "log", "-p", "--all", "--format=raw") for repository in (world.origin, world.gitops, folder)
    ]
    proposals = [path.read_text() for path in (world.gitops / "waybill-proposals").glob("*")]
    chart = f"{world.registry}/charts-{world.folder.name}/orders:0.1.0"
    manifest = crane("manifest", "--insecure", chart) if world.tags() else ""
    texts = [ran.stdout, ran.stderr, *acts, *objects, *proposals, manifest]
    for secret in forms:
        assert not any(secret in text for text in texts)
        assert not any(secret.encode() in data for data in kept)


@pytest.mark.long
def test_one_commit_through_every_address_is_one_release(world: World, host: dict[str, str], tmp_path: Path) -> None:
    image = world.image()
    found = []
    for number, address in enumerate(ADDRESSES):
        folder = clone(world, f"clone-{number}", address)
        before = (folder / ".git/config").read_bytes()
        ran, acts = Stopper(tmp_path / f"stopper-{number}").run(
            world, "ship", "--json", "--image", image, cwd=folder, env=host
        )
        assert ran.code == 0, ran.stderr
        assert ran.json["source"]["repository"] == IDENTITY
        assert (folder / ".git/config").read_bytes() == before
        assert_not_leaked(world, ran, acts, folder)
        found.append(ran.json)
    assert all(waybill == found[0] for waybill in found)
    assert world.tags() == {"orders-0.1.0": found[0]["source"]["release_commit"]}


@pytest.mark.long
def test_a_wrong_password_is_refused_and_not_repeated(world: World, host: dict[str, str], tmp_path: Path) -> None:
    folder = clone(world, "clone", f"https://eve:{quote(PASSWORD, safe='')}@git.example.org/acme/orders.git")
    ran, acts = Stopper(tmp_path / "stopper").run(
        world, "ship", "--json", "--image", world.image(), cwd=folder, env=host | {"GIT_CONFIG_GLOBAL": os.devnull}
    )
    assert ran.code == 1
    assert "refused (the source repository)" in ran.stderr
    assert "git cannot read origin: it asks for a credential that it accepts" in ran.stderr
    assert json.loads(ran.stdout)["fault"] == "repository"
    assert_not_leaked(world, ran, acts, folder)


@pytest.mark.parametrize(
    "address",
    ["ext::sh -c touch% {planted}", "--upload-pack=touch {planted}", "-x", "https://ada:{secret}@git.example.org/a"],
)
def test_an_address_that_runs_or_tells_something_is_refused(world: World, tmp_path: Path, address: str) -> None:
    planted = tmp_path / "planted"
    text = address.format(planted=planted, secret=PASSWORD)
    for flag in ("--remote", "--gitops", "--source-repository"):
        ran = world.waybill("ship", "--image", world.image(), f"{flag}={text}")
        assert ran.code == 1
        assert "refused (your input)" in ran.stderr
        assert PASSWORD not in ran.stdout + ran.stderr
    git(world.checkout, "config", "remote.origin.url", text)
    ran = world.waybill("ship", "--image", world.image())
    assert ran.code == 1
    assert PASSWORD not in ran.stdout + ran.stderr
    assert not planted.exists()
    assert world.tags() == {}
