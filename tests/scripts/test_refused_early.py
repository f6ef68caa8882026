"""What would stop a release is refused by plan and by ship alike, and nothing is out: not the tag, not the chart, not
the proposal, not the filing."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.builders import Ran, World, git, program
from tests.support.forge_stand_in import serving as serving_forge
from tests.support.forge_stand_in import stand_in_of
from tests.support.git_over_http import GitOverHttp
from tests.support.registry_stand_in import Behaviour, answering, says
from tests.support.running_ledger import RunningLedger
from tests.support.running_ledger import serving as serving_ledger
from tests.support.scripts.everything import everything

TOKEN = "planted-forge-token"
COMMANDS = ("plan", "ship")


class Stand:
    """A world in which everything would be accepted, until a case takes something away. `env` is what the command
    gets."""

    def __init__(self, world: World, ledger: RunningLedger, elsewhere: Path, stack: ExitStack) -> None:
        self.world, self.env, self._elsewhere, self._stack = world, dict(ledger.env), elsewhere, stack
        self.ledger, self.image = ledger, world.image()

    def own_ledger(self) -> None:
        self.ledger = self._stack.enter_context(serving_ledger(self._elsewhere / "ledger", self.world.service, []))
        self.env |= self.ledger.env

    def run(self, command: str) -> Ran:
        return self.world.waybill(command, "--json", "--image", self.image, env=self.env)

    def answering(self, behave: Behaviour) -> str:
        return self._stack.enter_context(answering(behave))

    def forge(self, kind: str, **repository: Any) -> None:
        api, over_http = stand_in_of(kind), GitOverHttp(self.world.gitops, TOKEN)
        api.repository |= repository
        address = self._stack.enter_context(serving_forge(api, over_http))
        self.env |= {
            "WAYBILL_GITOPS": f"{address}/acme/fleet.git",
            "WAYBILL_FORGE": kind,
            "WAYBILL_FORGE_TOKEN": TOKEN,
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }

    def registry(self, post: Behaviour) -> None:
        """The real registry, but for POST, which begins an upload."""
        real = self.world.registry

        def behave(request: BaseHTTPRequestHandler) -> None:
            if request.command == "POST":
                post(request)
                return
            accept = {"Accept": request.headers.get("Accept", "*/*")}
            answer = httpx.request(request.command, f"http://{real}{request.path}", headers=accept)
            kept = {key: value for key, value in answer.headers.items() if key.startswith(("content-type", "docker-"))}
            says(answer.status_code, answer.content, **kept)(request)

        host = self.answering(behave)
        self.env["WAYBILL_REGISTRY"] = f"oci://{host}/charts-{self.world.folder.name}"
        (self.world.folder / "docker").mkdir()
        logins = {"auths": {host: {"auth": "YWRhOnB3"}}}
        (self.world.folder / "docker/config.json").write_text(json.dumps(logins))
        self.env["DOCKER_CONFIG"] = str(self.world.folder / "docker")

    def caller(self, **told: Any) -> None:
        """A ledger that says `told` of the token, and has filed nothing."""
        document = {"name": "ci", "scopes": ["releases:write"], "service": None, "accepts": [1, 2], **told}
        nothing = says(404, b'{"status": 404}', Content_Type="application/problem+json")

        def behave(request: BaseHTTPRequestHandler) -> None:
            (says(200, json.dumps(document).encode()) if request.path == "/caller" else nothing)(request)

        self.env["WAYBILL_LEDGER"] = f"http://{self.answering(behave)}"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLedger]:
    """With which no test files anything."""
    with serving_ledger(tmp_path_factory.mktemp("ledger"), "orders", []) as it:
        yield it


@pytest.fixture
def stand(world: World, ledger: RunningLedger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with ExitStack() as stack:
        yield Stand(world, ledger, tmp_path_factory.mktemp("elsewhere"), stack)


def sha256_source(stand: Stand) -> None:
    world = stand.world
    git(world.folder, "init", "--quiet", "--object-format=sha256", "other")
    for name in ("chart", "waybill.toml"):
        git(world.checkout, "archive", f"--output={world.folder / 'x.tar'}", "HEAD", name)
        os.system(f"tar -xf {world.folder / 'x.tar'} -C {world.folder / 'other'}")  # noqa: S605
    git(world.folder / "other", "add", "-A")
    git(world.folder / "other", "commit", "--quiet", "-m", "All")
    world.checkout = world.folder / "other"


def sha256_gitops(stand: Stand) -> None:
    folder = stand.world.folder
    git(folder, "init", "--quiet", "--bare", "--object-format=sha256", "--initial-branch=main", "sha256.git")
    git(folder, "init", "--quiet", "--object-format=sha256", "work")
    git(folder / "work", "commit", "--quiet", "--allow-empty", "-m", "First")
    git(folder / "work", "push", "--quiet", "../sha256.git", "HEAD:main")
    stand.env["WAYBILL_GITOPS"] = str(folder / "sha256.git")


def old_git(stand: Stand) -> None:
    folder = stand.world.folder / "old"
    program(folder, "git", 'test "$1" = version && echo git version 2.34.1 && exit; exit 7')
    stand.env["PATH"] = f"{folder}:{os.environ['PATH']}"


def other_team(stand: Stand) -> None:
    """It has filed its own `orders` 0.1.0."""
    stand.own_ledger()
    folder = stand.world.folder / f"{stand.world.folder.name}-others"
    folder.mkdir()
    theirs = World(folder, stand.world.registry)
    theirs.commit({"waybill.toml": (theirs.checkout / "waybill.toml").read_text().replace("acme/", "others/")})
    theirs.ship(theirs.image("theirs"), env=stand.ledger.env)


def other_service(stand: Stand) -> None:
    stand.caller(service="web")


def proxy_of_the_ledger(stand: Stand) -> None:
    stand.env |= {"WAYBILL_LEDGER": "https://ledger.example", "https_proxy": "http://127.0.0.1:1"}


def proxy_of_the_forge(stand: Stand) -> None:
    stand.forge("gitea")
    stand.env |= {"WAYBILL_GITOPS": "https://forge.example/acme/fleet", "https_proxy": "socks5://127.0.0.1:1"}


Case = tuple[Callable[[Stand], None], str, str, str]
CASES: dict[str, Case] = {
    "a source repository of SHA-256": (sha256_source, "repository", "names its objects by sha256", "SHA-1 objects"),
    "a GitOps repo of SHA-256": (sha256_gitops, "gitops", "names its objects by SHA-256", "GitOps repo of SHA-1"),
    "an old git": (old_git, "machine", "git version 2.34.1 is on PATH, and Waybill needs 2.39", "Install a newer git"),
    "no repository in the registry": (
        lambda stand: stand.registry(says(404, b'{"errors": [{"code": "NAME_UNKNOWN"}]}')),
        "registry",
        "and makes none by itself (404 (NAME_UNKNOWN))",
        "Create the repository charts-",
    ),
    "a registry that lets nobody push": (
        lambda stand: stand.registry(says(403, b'{"errors": [{"code": "DENIED"}]}')),
        "registry",
        "lets nobody with this login push",
        "Log in with `helm registry login",
    ),
    "a login that may only read": (lambda stand: stand.registry(says(401)), "registry", "answered 401", "Log in with"),
    "a registry that is read only": (
        lambda stand: stand.registry(says(405, b'{"errors": [{"code": "UNSUPPORTED"}]}')),
        "registry",
        "answered 405 (UNSUPPORTED)",
        "Check that the address is a registry's",
    ),
    "a registry that is not well": (
        lambda stand: stand.registry(says(500)),
        "registry",
        "answered 500",
        "Run it again",
    ),
    "a forge's token that may not push": (
        lambda stand: stand.forge("gitea", permissions={"admin": False, "push": False, "pull": True}),
        "forge",
        "lets the owner of WAYBILL_FORGE_TOKEN read, and not push",
        "somebody who may write there",
    ),
    "a token of GitHub that may not push": (
        lambda stand: stand.forge("github", permissions={"admin": False, "push": False, "pull": True}),
        "forge",
        "lets the owner of WAYBILL_FORGE_TOKEN read, and not push",
        "somebody who may write there",
    ),
    "a token of GitLab that may open no merge request": (
        lambda stand: stand.forge("gitlab", can_create_merge_request_in=False),
        "forge",
        "lets the owner of WAYBILL_FORGE_TOKEN read, and not push",
        "a project access token with the role Developer and the scope api",
    ),
    "an archived GitOps repo": (
        lambda stand: stand.forge("github", archived=True),
        "forge",
        "acme/fleet is archived",
        "Unlock it",
    ),
    "a mirror": (lambda stand: stand.forge("gitea", mirror=True), "forge", "fleet is a mirror", "correct `gitops`"),
    "pull requests turned off": (
        lambda stand: stand.forge("gitea", has_pull_requests=False),
        "forge",
        "has pull requests turned off",
        "Turn them on",
    ),
    "a token that the ledger does not know": (
        lambda stand: stand.env.update(WAYBILL_LEDGER=f"http://{stand.answering(says(401))}"),
        "ledger",
        "The ledger answered 401",
        "releases:write for this service",
    ),
    "a token of the ledger without the scope": (
        lambda stand: stand.caller(scopes=["read", "metrics"]),
        "you",
        "has only the scope read, metrics: it cannot file releases of orders",
        "token create --scope releases:write --service orders",
    ),
    "a token for another service": (other_service, "you", "is for web alone", "--service orders"),
    "a ledger of older documents": (
        lambda stand: stand.caller(accepts=[0]),
        "ledger",
        "takes documents of number 0",
        "Deploy the newer ledger first",
    ),
    "a ledger before number 2, which does not know who calls": (
        lambda stand: stand.env.update(
            WAYBILL_LEDGER="http://"
            + stand.answering(says(404, b'{"status": 404}', Content_Type="application/problem+json"))
        ),
        "ledger",
        "it takes no waybill of number 2",
        "Deploy the ledger first",
    ),
    "another team's chart of that name": (
        other_team,
        "ledger",
        "holds another orders 0.1.0",
        "give one of the two services another name",
    ),
    "what is no ledger": (
        lambda stand: stand.env.update(WAYBILL_LEDGER=f"http://{stand.answering(says(200, b'<html>Hello'))}"),
        "ledger",
        "is no ledger",
        "Correct `ledger`",
    ),
    "a dead proxy before the ledger": (proxy_of_the_ledger, "machine", "The proxy 127.0.0.1:1", "NO_PROXY"),
    "a proxy that cannot be used before the forge": (proxy_of_the_forge, "machine", "does not support", "https_proxy"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_and_nothing_is_out(case: str, command: str, stand: Stand) -> None:
    take_away, fault, what, remedy = CASES[case]
    take_away(stand)
    before, filed = everything(stand.world), stand.ledger.tells("/releases")
    ran = stand.run(command)
    assert ran.code == 1, ran.stderr
    assert ran.json["fault"] == fault, ran.stderr
    assert what in ran.json["refused"]
    assert remedy in ran.json["remedy"]
    mine = str(stand.world.checkout / ".waybill")
    after = {path: data for path, data in everything(stand.world).items() if not path.startswith(mine)}
    assert after == before
    assert stand.ledger.tells("/releases") == filed


def test_without_any_of_it_both_go_through(stand: Stand) -> None:
    stand.own_ledger()
    for command in COMMANDS:
        assert stand.run(command).code == 0
