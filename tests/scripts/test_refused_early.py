"""What would stop a release is told by doctor and refused by plan and by ship alike, and nothing is out: not the tag,
not the chart, not the proposal, not the filing."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler

import pytest

from tests.support.builders import World, git, program
from tests.support.registry_stand_in import says
from tests.support.running_ledger import RunningLedger
from tests.support.running_ledger import serving as serving_ledger
from tests.support.scripts.everything import everything
from tests.support.scripts.stand import Stand

pytestmark = pytest.mark.long

COMMANDS = ("plan", "ship")


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


def sha256_remote(stand: Stand) -> None:
    """In place of the checkout's own."""
    sha256_gitops(stand)
    git(stand.world.checkout, "remote", "set-url", "origin", stand.env.pop("WAYBILL_GITOPS"))


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


def older_ledger(stand: Stand) -> None:
    def behave(request: BaseHTTPRequestHandler) -> None:
        nothing = says(404, b'{"status": 404}', Content_Type="application/problem+json")
        (says(200, b'{"items": []}') if request.path == "/releases?limit=1" else nothing)(request)

    stand.env["WAYBILL_LEDGER"] = f"http://{stand.answering(behave)}"


def proxy_of_the_ledger(stand: Stand) -> None:
    stand.env |= {"WAYBILL_LEDGER": "https://ledger.example", "https_proxy": "http://127.0.0.1:1"}


def proxy_of_the_forge(stand: Stand) -> None:
    stand.forge("gitea")
    stand.env |= {"WAYBILL_GITOPS": "https://forge.example/acme/fleet", "https_proxy": "socks5://127.0.0.1:1"}


def odd_path(stand: Stand) -> None:
    stand.world.gitops.rename(path := stand.world.folder / 'a"b.git')
    stand.env["WAYBILL_GITOPS"] = str(path)


Case = tuple[Callable[[Stand], None], str, str, str]
CASES: dict[str, Case] = {
    "a source repository of SHA-256": (sha256_source, "repository", "names its objects by sha256", "SHA-1 objects"),
    "a GitOps repo of SHA-256": (sha256_gitops, "gitops", "names its objects by SHA-256", "a repository of SHA-1"),
    "a remote of SHA-256": (sha256_remote, "repository", "names its objects by SHA-256", "a repository of SHA-1"),
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
        "Run the same command again when the registry works",
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
    "a token that git's host lets read alone": (
        lambda stand: stand.forge("gitea", reads_only=True),
        "gitops",
        "did not accept refs/heads/apps/orders",
        "Give WAYBILL_FORGE_TOKEN",
    ),
    "a token that may push and not propose": (
        lambda stand: stand.forge("github", may_propose=False),
        "forge",
        "403 No pull request of that",
        "a token that may write pull requests",
    ),
    "a GitOps repo that no ledger would file": (odd_path, "you", "gitops.repository", "Correct the value"),
    "a source that no ledger would file": (
        lambda stand: stand.env.update(WAYBILL_SOURCE_REPOSITORY='https://example.org/a"b'),
        "you",
        "source.repository",
        "Correct the value",
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
        lambda stand: stand.env.update(WAYBILL_LEDGER_TOKEN="wb_of_nobody"),
        "ledger",
        "The ledger answered 401",
        "releases:write for this service",
    ),
    "a token of the ledger without the scope": (
        lambda stand: stand.token("read", "metrics"),
        "you",
        "has only the scope read, metrics: it cannot file releases of orders",
        "token create --scope releases:write --service orders",
    ),
    "a token for another service": (
        lambda stand: stand.token("releases:write", service="web"),
        "you",
        "is for web alone",
        "--service orders",
    ),
    "a ledger of older documents": (
        lambda stand: stand.older_ledger(1),
        "ledger",
        "takes documents of number 1,",
        "Deploy the newer ledger first",
    ),
    "a ledger before number 2, which does not know who calls": (
        older_ledger,
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


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_and_nothing_is_out(case: str, stand: Stand) -> None:
    """Doctor says it before there is an image; plan and ship refuse it."""
    take_away, fault, what, remedy = CASES[case]
    take_away(stand)
    before, filed = everything(stand.world), stand.ledger.tells("/releases")
    ran = stand.world.waybill("doctor", "--json", env=stand.env)
    assert ran.code == 1, ran.stdout
    failing = [it for it in ran.json if it["state"] == "fail"]
    assert any(what in it["what"] and remedy in it["remedy"] for it in failing), failing
    assert everything(stand.world) == before
    for command in COMMANDS:
        ran = stand.run(command)
        assert ran.code == 1, ran.stderr
        assert ran.json["fault"] == fault, ran.stderr
        assert what in ran.json["refused"], command
        assert remedy in ran.json["remedy"], command
        mine = str(stand.world.checkout / ".waybill")
        after = {path: data for path, data in everything(stand.world).items() if not path.startswith(mine)}
        assert after == before, command
    assert stand.ledger.tells("/releases") == filed


def test_without_any_of_it_all_go_through(stand: Stand) -> None:
    stand.own_ledger()
    assert stand.world.waybill("doctor", env=stand.env).code == 0
    for command in COMMANDS:
        assert stand.run(command).code == 0
