"""Logins from where helm and docker keep them, against real registries that ask for one."""

import base64
import json
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from scripts.clients.manifest import OCI_MANIFEST
from scripts.clients.registry import Registry
from scripts.clients.registry_http import Denied
from scripts.clients.registry_login import HUB, HUB_KEY, IDENTITY_TOKEN, find
from scripts.document import save
from scripts.errors import Refused
from scripts.gitops.artifact import pack
from scripts.steps.package import package
from tests.support.builders import Ran, World
from tests.support.registry_stand_in import answering, says
from tests.support.release import bumped, checkout, settings
from tests.support.token_server import TokenServer
from tools.demo.registry import serve_registry

USER, PASSWORD = "ada", "s3cret-Pa55word"
HTPASSWD = f"{USER}:$2b$04$abcdefghijklmnopqrstuubCE58YYjHwrrIsKQTYVILsi00aM3T52\n"
REFRESH = "r3fresh-t0ken-of-a-user"


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without any login."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("HELM_REGISTRY_CONFIG", "HELM_CONFIG_HOME", "XDG_CONFIG_HOME", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def basic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry that asks for a user and a password."""
    folder = tmp_path_factory.mktemp("basic")
    (folder / "htpasswd").write_text(HTPASSWD)
    with serve_registry(folder, {"htpasswd": {"realm": "waybill", "path": str(folder / "htpasswd")}}) as address:
        yield address


@pytest.fixture(scope="module")
def bearer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry that sends to a token server; everybody may pull."""
    folder = tmp_path_factory.mktemp("bearer")
    server = TokenServer(folder, {USER: PASSWORD, "": REFRESH}, hidden="hidden/")
    with server.serve() as auth, serve_registry(folder, auth) as address:
        yield address


@pytest.fixture
def packaged(world: World) -> World:
    made = package(bumped(world, world.image()), checkout(world, world.checkout / ".waybill"))
    save(settings(world).document, made)
    return world


def publish(world: World, host: str) -> Ran:
    ran = world.waybill("publish", "--registry", f"oci://{host}/{world.folder.name}", "--json")
    for secret in (PASSWORD, REFRESH, encoded()):
        assert secret not in ran.stdout + ran.stderr
    return ran


def encoded(password: str = PASSWORD) -> str:
    return base64.b64encode(f"{USER}:{password}".encode()).decode()


def helm_login(home: Path, host: str) -> None:
    subprocess.run(
        ["helm", "registry", "login", host, "--plain-http", "--username", USER, "--password-stdin"],
        input=PASSWORD.encode(),
        check=True,
        capture_output=True,
    )


def home_docker(home: Path, host: str) -> None:
    docker(home / ".docker", {"auths": {host: {"auth": encoded()}}})


def docker_config(home: Path, host: str) -> None:
    docker(home / "elsewhere", {"auths": {host: {"auth": encoded()}}})


def cred_helpers(home: Path, host: str) -> None:
    docker(home / ".docker", {"credHelpers": {host: "planted"}, "auths": {host: {"auth": encoded("wrong")}}})


def creds_store(home: Path, host: str) -> None:
    docker(home / ".docker", {"credsStore": "planted", "auths": {host: {}}})


def docker(folder: Path, content: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(content))


def helper(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts the credential helper `planted` on PATH; `$host` is what it is asked for."""
    program = folder / "bin/docker-credential-planted"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\nread host\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


@pytest.mark.parametrize("place", [helm_login, home_docker, docker_config, cred_helpers, creds_store])
def test_a_login_is_found_where_helm_and_docker_keep_it(
    packaged: World, basic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: object
) -> None:
    assert callable(place)
    place(tmp_path / "home", basic)
    if place is docker_config:
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "home/elsewhere"))
    answer = json.dumps({"ServerURL": basic, "Username": USER, "Secret": PASSWORD})
    helper(tmp_path, f"[ $host = {basic} ] && echo '{answer}'", monkeypatch)
    ran = publish(packaged, basic)
    assert ran.code == 0, ran.stderr
    assert ran.json["chart"]["digest"].startswith("sha256:")


@pytest.mark.parametrize("logins", [{}, {"auth": encoded("wr0ng-password")}])
def test_without_a_right_login_it_is_refused_with_what_to_do(
    packaged: World, basic: str, tmp_path: Path, logins: dict[str, str]
) -> None:
    docker(tmp_path / "home/.docker", {"auths": {basic: logins}})
    ran = publish(packaged, basic)
    assert ran.code == 1
    assert "401 (UNAUTHORIZED)" in ran.stderr
    assert f"helm registry login {basic}" in ran.stderr
    assert "wr0ng" not in ran.stderr


@pytest.mark.parametrize("kind", ["basic", "bearer"])
def test_what_waybill_pushes_itself_goes_with_the_login(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    host, it = request.getfixturevalue(kind), pack({"a.yaml": b"a: b"}, source="s", revision="r", created="2026-01-02")
    push = partial(Registry().push, f"{host}/pushed", "1.0.0", it.manifest, OCI_MANIFEST, (it.config, it.layer))
    with pytest.raises(Denied, match="401"):
        push()
    home_docker(tmp_path / "home", host)
    assert push() == it.digest
    assert push() == it.digest


@pytest.mark.long
def test_a_token_is_fetched_for_a_user_and_for_nobody(packaged: World, bearer: str, tmp_path: Path) -> None:
    repository = f"{bearer}/{packaged.folder.name}/orders"
    assert Registry().manifest(repository, "0.1.0") is None
    ran = publish(packaged, bearer)
    assert ran.code == 1
    assert f"Log in with `helm registry login {bearer}`, as somebody who may push" in ran.json["remedy"]
    home_docker(tmp_path / "home", bearer)
    ran = publish(packaged, bearer)
    assert ran.code == 0, ran.stderr
    (tmp_path / "home/.docker/config.json").unlink()
    found = Registry().manifest(repository, "0.1.0")
    assert found
    assert found.digest == ran.json["chart"]["digest"]
    assert Registry().tags(repository) == ["0.1.0"]


@pytest.mark.long
def test_a_registry_that_denies_reading_what_does_not_exist_needs_a_word(
    world: World, bearer: str, tmp_path: Path
) -> None:
    home_docker(tmp_path / "home", bearer)
    command = ["--json", "--image", world.image(), "--registry", f"oci://{bearer}/hidden/{world.folder.name}"]
    ran = world.waybill("ship", *command)
    assert ran.code == 1
    assert "--first-publish" in ran.json["remedy"]
    ran = world.waybill("plan", *command, "--first-publish")
    assert ran.code == 0, ran.stderr
    assert not ran.json["published"]
    assert world.tags() == {}
    ran = world.waybill("ship", *command, "--first-publish")
    assert ran.code == 0, ran.stderr
    assert list(world.tags()) == ["orders-0.1.0"]
    # Once there is a tag the word no longer helps: the registry must say what it has.
    world.commit({"README.md": "more\n"})
    ran = world.waybill("ship", *command, "--first-publish")
    assert ran.code == 1
    assert "--first-publish" not in ran.json["remedy"]


def test_a_wrong_login_at_the_token_server_is_refused(bearer: str, tmp_path: Path) -> None:
    docker(tmp_path / "home/.docker", {"auths": {bearer: {"auth": encoded("wrong")}}})
    with pytest.raises(Denied, match="401"):
        Registry().manifest(f"{bearer}/x/orders", "0.1.0")


@pytest.mark.parametrize("kept", ["identitytoken", "helper"])
def test_a_refresh_token_is_traded_for_one(
    bearer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    answer = json.dumps({"Username": IDENTITY_TOKEN, "Secret": REFRESH})
    helper(tmp_path, f"echo '{answer}'", monkeypatch)
    login = {"auths": {bearer: {"identitytoken": REFRESH}}} if kept == "identitytoken" else {"credsStore": "planted"}
    docker(tmp_path / "home/.docker", login)
    assert Registry().manifest(f"{bearer}/x/orders", "0.1.0", to_push=True) is None


def test_a_login_goes_to_no_other_machine_in_the_clear(tmp_path: Path) -> None:
    with answering(says(401, WWW_Authenticate='Basic realm="x"')) as address:
        other = address.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - reaches the same server, and is not loopback
        home_docker(tmp_path / "home", other)
        with pytest.raises(Denied, match="asks for a login over plain HTTP"):
            Registry(plain_http=True).manifest(f"{other}/x/orders", "0.1.0")


@pytest.mark.parametrize(
    ("content", "script", "cause"),
    [
        ("not JSON", "", "cannot be read"),
        ('{"auths": {"HOST": {"auth": "!"}}}', "", "not base64"),
        ('{"credsStore": "absent"}', "", "`docker-credential-absent` is not installed"),
        ('{"credsStore": "../../bin/sh"}', "", "names the credential helper"),
        ('{"credsStore": "planted"}', f"echo {PASSWORD}; exit 3", "gave no login"),
        ('{"credsStore": "planted"}', f"echo {PASSWORD}", "gave no login"),
    ],
)
def test_logins_that_cannot_be_read_are_refused_unrepeated(
    basic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, script: str, cause: str
) -> None:
    helper(tmp_path, script, monkeypatch)
    folder = tmp_path / "home/.docker"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(content.replace("HOST", basic))
    with pytest.raises(Refused) as error:
        Registry().manifest(f"{basic}/x/orders", "0.1.0")
    assert cause in error.value.what
    assert error.value.fault == "machine"
    assert PASSWORD not in error.value.what + error.value.remedy


def test_a_helper_without_a_login_leaves_the_file_to_look_in(
    basic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, "echo credentials not found in native keychain; exit 1", monkeypatch)
    docker(tmp_path / "home/.docker", {"credsStore": "planted", "auths": {basic: {"auth": encoded()}}})
    assert Registry().manifest(f"{basic}/x/orders", "0.1.0") is None


def test_helms_own_login_comes_first(basic: str, tmp_path: Path) -> None:
    helm_login(tmp_path / "home", basic)
    docker(tmp_path / "home/.docker", {"auths": {basic: {"auth": encoded("wrong")}}})
    assert Registry().tags(f"{basic}/x/orders") == []


def test_docker_hub_goes_by_its_old_name(tmp_path: Path) -> None:
    docker(tmp_path / "home/.docker", {"auths": {HUB_KEY: {"auth": encoded()}}})
    login = find(HUB)
    assert login
    assert (login.user, login.password) == (USER, PASSWORD)
    assert PASSWORD not in repr(login)
