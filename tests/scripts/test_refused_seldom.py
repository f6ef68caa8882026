"""Refusals that hardly anybody meets, each brought about once: none says nothing, or something else."""

import json
import os
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec import structs

from scripts.chart.export import export
from scripts.clients.git import Git
from scripts.clients.helm_repositories import known
from scripts.clients.process import Dialogue
from scripts.clients.registry import Registry, split
from scripts.config import load
from scripts.diff.chart import fetch, objects_of
from scripts.diff.overlay import HelmRelease, build, release_of
from scripts.document import chart_of, digest_of
from scripts.document import load as load_document
from scripts.errors import Refused
from scripts.forges import forge_of
from scripts.gitops.clone import Heads, merge
from scripts.image import keys as image_keys
from scripts.image.reference import parse
from scripts.releases.lookup import from_ledger, from_tag
from scripts.source.work_tree import write
from scripts.steps.bump import Choice, bump
from scripts.steps.package import package
from scripts.steps.publish import publish
from tests.support.builders import TOP, World, git
from tests.support.gitops_repo import config, waybill
from tests.support.registry_stand_in import Behaviour, answering, says
from tests.support.release import bumped, checkout, settings

NOBODY = "0" * 40
DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture
def repository(tmp_path: Path) -> Git:
    """An empty one."""
    git(tmp_path, "init", "--quiet", "repository")
    return Git(tmp_path / "repository")


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_git_lacks_a_commit(repository: Git) -> None:
    with pytest.raises(Refused, match="could not compare 000000000000 with 111111111111"):
        repository.is_ancestor(NOBODY, "1" * 40)
    with pytest.raises(Refused, match="git finds no 0000"):
        repository.committed(NOBODY)
    with pytest.raises(Refused, match="could not try to merge apps/orders into main"):
        merge(repository, Heads("main", "--no-option-of-git", "apps/orders", NOBODY))


def test_a_shallow_clone_whose_remote_is_gone(world: World) -> None:
    world.commit({})
    git(world.folder, "clone", "--quiet", "--depth=1", f"file://{world.origin}", "shallow")
    shutil.rmtree(world.origin)
    with pytest.raises(Refused, match="This clone is shallow and origin did not give the rest"):
        Git(world.folder / "shallow").deepen("origin")


def test_a_program_that_stays_open_ends_early_or_says_nothing(tmp_path: Path) -> None:
    def dialogue(*argv: str) -> Dialogue:
        return Dialogue(argv, cwd=tmp_path, env={}, fault="machine", verb="it", timeout=0.2)

    with pytest.raises(Refused, match="`sleep it` did not end within"):
        dialogue("sleep", "60").line()
    with pytest.raises(Refused, match="`sh it` failed: why"):
        dialogue("sh", "-c", "echo why >&2").line()
    ended = dialogue("true")
    ended._process.wait()
    with pytest.raises(Refused, match="`true it` failed"):
        ended.ask(b"?")


def test_a_tree_that_leaves_its_folder(repository: Git, tmp_path: Path) -> None:
    blob = repository.run("hash-object", "-w", "--stdin", input=b"")
    above = repository.run("mktree", input=f"100644 blob {blob}\t..\n".encode())
    tree = repository.run("mktree", input=f"040000 tree {above}\tchart\n".encode())
    with pytest.raises(Refused, match="The commit holds the path"):
        export(repository, repository.commit_tree(tree, [], "Hostile", 0), "chart", (), tmp_path / "out")


def test_a_checkout_that_git_does_not_trust_has_no_commit_or_lies_elsewhere(
    repository: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = repository.folder
    with pytest.raises(Refused, match="The repository has no commit"):
        load({}, cwd=folder)
    with pytest.raises(Refused, match="is not in the work tree of a git repository"):
        load({}, cwd=tmp_path)
    (tmp_path / "waybill.toml").touch()
    with pytest.raises(Refused, match="lies outside the repository"):
        load({}, cwd=folder, path=tmp_path / "waybill.toml")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(Refused, match="belongs to another user of this machine"):
        load({}, cwd=folder)


def test_a_chart_whose_name_is_no_label(world: World) -> None:
    world.commit({"chart/Chart.yaml": "apiVersion: v2\nname: Or_ders\nversion: 0.1.0\n"})
    with pytest.raises(Refused, match="'Or_ders' is no RFC 1123 label"):
        settings(world)


def test_a_commit_without_values(world: World) -> None:
    (world.checkout / "chart/values.yaml").unlink()
    world.commit({})
    with pytest.raises(Refused, match=r"holds no chart/values\.yaml"):
        bump(Choice(parse(world.image())), checkout(world))


def test_environments_that_there_cannot_be() -> None:
    with pytest.raises(Refused, match="No environment is configured"):
        config("/g", environments=()).chosen([])
    with pytest.raises(Refused, match='cannot be called "base"'):
        config("/g", environments=("base",)).chosen([])


def test_an_image_without_a_host_where_the_host_has_a_key() -> None:
    keys = image_keys.parse({"registry": "r", "repository": "n", "digest": "d"})
    with pytest.raises(Refused, match="nginx names no registry"):
        image_keys.write(keys, b"r: a\nn: b\nd: c\n", "nginx", DIGEST, NOBODY)


def test_a_repository_that_no_registry_can_have() -> None:
    with pytest.raises(Refused, match=r"'example\.org/Orders' is no repository"):
        split("example.org/Orders")
    with pytest.raises(Refused, match='forge = "file" is for a path'):
        forge_of("https://example.org/fleet", "file", None)


def test_a_waybill_that_is_none_or_anothers(world: World, tmp_path: Path) -> None:
    path = tmp_path / "waybill.json"
    assert "There is no waybill at" in world.waybill("package", "--waybill", str(path)).stderr
    path.write_text("{}")
    with pytest.raises(Refused, match="is no waybill"):
        load_document(path)
    path.unlink()
    world.waybill("bump", "--image", world.image(), "--waybill", str(path))
    path.write_text(path.read_text().replace('"service": "orders"', '"service": "shop"'))
    assert "is a waybill of shop, not of orders" in world.waybill("package", "--waybill", str(path)).stderr
    with pytest.raises(Refused, match="names no chart version"):
        chart_of(structs.replace(waybill(), chart=structs.replace(waybill()).gitops))
    with pytest.raises(Refused, match="The ledger's waybill cannot be read"):
        from_ledger({"service": 1})


def test_a_chart_that_is_not_the_waybills(world: World, tmp_path: Path) -> None:
    release, here = bumped(world, world.image()), checkout(world)
    other = structs.replace(release, chart=structs.replace(chart_of(release), version="9.9.9"))
    with pytest.raises(Refused, match=r"the waybill says orders 9\.9\.9"):
        package(other, here)
    with pytest.raises(Refused, match="is not the chart that the waybill names"):
        publish(release, here)


def test_a_tag_without_a_chart(world: World) -> None:
    here = checkout(world)
    release = bump(Choice(parse(world.image())), here)
    here.git.create("origin", f"refs/tags/{release.source.tag}", str(release.source.release_commit))
    with pytest.raises(Refused, match=r"0\.1\.0 is reserved by its tag"):
        from_tag("0.1.0", here)


def test_a_registry_that_takes_a_chart_and_does_not_show_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = checkout(world)
    release = package(bumped(world, world.image()), here)
    program(tmp_path, "helm", f'[ "$1" = push ] || exec {shutil.which("helm")} "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Refused, match=r"took orders 0\.1\.0 and does not show it"):
        publish(release, here)


def test_files_that_cannot_be_written(world: World) -> None:
    here, places = world.folder.stat().st_dev, (TOP / ".tools", Path("/dev/shm"))
    elsewhere = [it for it in places if it.is_dir() and it.stat().st_dev != here]
    if not elsewhere:
        pytest.skip("needs a second file system")
    with (
        TemporaryDirectory(dir=elsewhere[0]) as folder,
        pytest.raises(Refused, match="cannot be written: Invalid cross-device link"),
    ):
        write({"chart/values.yaml": b"a: 1\n"}, "HEAD", Git(world.checkout), Path(folder))
    assert git(world.checkout, "status", "--porcelain") == ""


def test_helms_own_list_of_repositories_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "repositories.yaml").write_text("a: [\n")
    monkeypatch.setenv("HELM_REPOSITORY_CONFIG", str(tmp_path / "repositories.yaml"))
    with pytest.raises(Refused, match=r"Helm's .*repositories\.yaml cannot be read"), known(["https://example.org"]):
        pass


def test_what_is_to_be_compared_is_no_release_or_no_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="builds 0 HelmReleases called orders"):
        release_of([], "orders")
    with pytest.raises(Refused, match="does not say where its chart lies"):
        fetch("", "1.0.0", tmp_path, plain_http=False)
    subprocess.run(["helm", "create", tmp_path / "orders"], check=True, capture_output=True)
    (tmp_path / "orders/templates/service.yaml").write_text("a: 1\n")
    with pytest.raises(Refused, match="The chart renders what is no object"):
        objects_of(HelmRelease("a", "b", {}, "", "", ()), tmp_path / "orders", None)
    program(tmp_path, "kustomize", "echo 'a: 1'")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Refused, match="kustomize built what is no object"):
        build(tmp_path)


def test_a_registry_that_lacks_what_it_names_or_holds_something_else_than_an_image() -> None:
    config = b'{"os": "linux"}'
    manifest = json.dumps({"schemaVersion": 2, "config": {"digest": digest_of(config)}}).encode()

    def no_image(request: BaseHTTPRequestHandler) -> None:
        says(200, manifest if "/manifests/" in request.path else config)(request)

    with answering(no_image) as host, pytest.raises(Refused, match="its config names no platform"):
        Registry().platforms(f"{host}/orders", digest_of(manifest))
    with answering(says(404)) as host, pytest.raises(Refused, match="a manifest names it, and it is not there"):
        Registry().blob(f"{host}/orders", DIGEST)
    with answering(login_page) as host, pytest.raises(Refused, match="/token is not what a registry says"):
        Registry().tags(f"{host}/orders")


def login_page(request: BaseHTTPRequestHandler) -> None:
    token = f'Bearer realm="http://{request.headers["Host"]}/token"'
    answer: Behaviour = says(200, b"<html>") if "/token" in request.path else says(401, WWW_Authenticate=token)
    answer(request)


def test_others_who_are_always_faster(world: World) -> None:
    """Hooks of the remotes play them: each time, they move the ref between our look and our push."""
    move = 'git update-ref "$1" $(git commit-tree -p main -m $$ main^{tree})'
    who = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=b"
    program(world.origin / "hooks", "update", f"{who}\n{move}")
    image = world.image()
    assert "Other releases took the version 8 times" in world.waybill("ship", "--allow-older", "--image", image).stderr
    world.waybill("bump", "--allow-older", "--image", image)
    world.waybill("package")
    assert "Another release took this version" in world.waybill("publish").stderr
    (world.origin / "hooks/update").unlink()
    program(world.gitops / "hooks", "update", f"{who}\n{move}")
    assert "apps/orders moved 5 times" in world.waybill("ship", "--allow-older", "--image", image).stderr
