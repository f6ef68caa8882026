"""What git says of a remote that it could not reach is told with whose fault it is, and a remedy for that cause."""

import pytest

from scripts.clients.git_remote import unreadable, untaken
from tests.support.builders import World, git, program

HTTP = "fatal: unable to access 'https://git.example.org/acme/fleet/': {}"
ROWS = {
    "no key": ("git@git.example.org: Permission denied (publickey).", "gitops", "an SSH key that may"),
    "a key that cannot be read": ('Load key "/a/id": Permission denied', "gitops", "an SSH key that may"),
    "an unknown host": ("Host key verification failed.", "machine", "known_hosts"),
    "no ssh": ("error: cannot run ssh: No such file or directory\nfatal: unable to fork", "machine", "Install ssh"),
    "an unknown authority": (
        HTTP.format("SSL certificate problem: unable to get local issuer certificate"),
        "machine",
        "trust store",
    ),
    "GnuTLS": (HTTP.format("server certificate verification failed. CAfile: none"), "machine", "trust store"),
    "an old certificate": (HTTP.format("SSL certificate problem: certificate has expired"), "gitops", "it answers"),
    "a proxy with a login": (HTTP.format("Received HTTP code 407 from proxy after CONNECT"), "machine", "NO_PROXY"),
    "no such proxy": (HTTP.format("Could not resolve proxy: proxy.example"), "machine", "NO_PROXY"),
    "nobody there": (HTTP.format("Failed to connect to git.example.org port 443"), "gitops", "it answers"),
    "no such name": ("ssh: Could not resolve hostname git.example.org: Name not known", "gitops", "it answers"),
    "a busy host": (HTTP.format("The requested URL returned error: 503"), "gitops", "it answers"),
    "no right": (HTTP.format("The requested URL returned error: 403"), "gitops", "WAYBILL_FORGE_TOKEN"),
    "a wrong login": ("fatal: Authentication failed for 'https://git.example.org/a/'", "gitops", "WAYBILL_FORGE_TOKEN"),
    "GitLab": (
        "remote: The project you were looking for could not be found or you don't have permission to view it.",
        "gitops",
        "Correct `gitops`",
    ),
}


@pytest.mark.parametrize(("complaint", "fault", "remedy"), ROWS.values(), ids=ROWS)
def test_the_cause_decides(complaint: str, fault: str, remedy: str) -> None:
    ssh = f"{complaint}\nfatal: Could not read from remote repository.\n\nPlease make sure you have the access rights."
    read = unreadable("https://git.example.org/acme/fleet", ssh, "gitops")
    assert (read.fault, remedy in read.remedy) == (fault, True), read.remedy
    pushed = untaken("https://git.example.org/acme/fleet", "refs/heads/apps/orders", None, ssh, "gitops")
    assert (pushed.fault, remedy in pushed.remedy) == (fault, True), pushed.remedy


def test_a_host_that_this_machine_does_not_know_is_this_machines_to_learn(world: World) -> None:
    program(world.folder / "bin", "ssh", "echo 'Host key verification failed.' >&2; exit 255")
    git(world.checkout, "config", "remote.origin.url", "ssh://git@git.example.org/acme/orders.git")
    env = {"GIT_SSH": str(world.folder / "bin/ssh"), "GIT_SSH_VARIANT": "ssh"}
    ran = world.waybill("plan", "--json", "--image", world.image(), env=env)
    assert (ran.code, ran.json["fault"]) == (1, "machine"), ran.stderr
    assert "known_hosts" in ran.json["remedy"]


def test_a_rule_that_declines_it_is_told_with_what_to_set() -> None:
    host = "https://git.example.org/acme/fleet"
    tag = untaken(host, "refs/tags/orders-0.1.0", "pre-receive hook declined", "remote: Sign your tags.", "repository")
    assert "Sign your tags" in tag.what
    assert all(f"`{name}`" in tag.remedy for name in ("commit_author", "commit_sign", "annotated_tags"))
    branch = untaken(host, "refs/heads/apps/orders", "pre-receive hook declined", "", "gitops")
    assert "`commit_author` and `commit_sign`" in branch.remedy
    assert "tags" not in branch.remedy


@pytest.mark.long
def test_a_branch_that_may_only_grow(world: World) -> None:
    """Waybill's branch begins anew with each release."""
    git(world.gitops, "config", "receive.denyNonFastForwards", "true")
    world.ship(world.image())
    ran = world.waybill("ship", "--json", "--image", world.image("two"))
    assert (ran.code, ran.json["fault"]) == (1, "gitops"), ran.stderr
    assert "receive.denyNonFastForwards" in ran.json["remedy"]
    git(world.gitops, "config", "receive.denyNonFastForwards", "false")
    world.ship(world.image("two"))
