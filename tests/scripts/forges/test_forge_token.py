"""WAYBILL_FORGE_TOKEN: git and the forge's API get it, nobody and nothing else does."""

import json
import os
import shutil
from base64 import b64encode
from pathlib import Path

import pytest

from tests.support.builders import git, program
from tests.support.forge_world import TOKEN, ForgeWorld, forge_of, on_gitea
from tests.support.git_over_http import basic

WRITTEN = (TOKEN, b64encode(f"x-access-token:{TOKEN}".encode()).decode())


def files_with(words: tuple[str, ...], folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if any(word.encode() in path.read_bytes() for word in words)]


@pytest.mark.long
def test_the_token_pushes_and_proposes_and_is_written_nowhere(hosted: ForgeWorld, tmp_path: Path) -> None:
    world, trace, temporary = hosted.world, tmp_path / "trace", tmp_path / "temporary"
    temporary.mkdir()
    kept: list[list[Path]] = []
    handle = hosted.api.handle

    def look_around(*request: object) -> tuple[int, object]:
        """While the clone is there."""
        shutil.copytree(temporary, tmp_path / f"seen-{len(kept)}")
        kept.append(list(temporary.glob("waybill-*/.git/config")))
        return handle(*request)  # type: ignore[arg-type]

    hosted.api.handle = look_around  # type: ignore[method-assign]
    # git writes down every command line of its own and of the programs that it starts.
    ran = hosted.ship(GIT_TRACE2_EVENT=str(trace), TMPDIR=str(temporary))
    assert ran.code == 0, ran.stderr
    # git asks without it first, and shows it where that is not enough.
    assert set(hosted.git.authorizations) == {None, basic(TOKEN)}
    assert {headers["Authorization"] for _, _, headers in hosted.api.requests} == {f"Bearer {TOKEN}"}
    assert git(world.gitops, "rev-parse", "apps/orders") == ran.json["gitops"]["commit"]
    assert ran.json["gitops"]["proposal"] == {"url": "https://forge.example/acme/fleet/pull/1", "number": 1}

    started = [json.loads(line) for line in trace.read_text().splitlines()]
    assert any("remote-http" in " ".join(event.get("argv", [])) for event in started)
    assert any(kept)
    assert not any(word in ran.stdout + ran.stderr for word in WRITTEN)
    assert files_with(WRITTEN, tmp_path) == []


@pytest.mark.long
@on_gitea
def test_no_program_has_the_token_in_its_environment_or_arguments(hosted: ForgeWorld, tmp_path: Path) -> None:
    """Each that Waybill starts writes down what it got; git may ask for it only where it speaks to the remote."""
    log, names = tmp_path / "log", ("git", "helm", "kustomize")
    log.mkdir()
    for name in names:
        program(tmp_path / "bin", name, f'(echo "$0" "$@"; env) >{log}/{name}-$$; exec {shutil.which(name)} "$@"')
    ran = hosted.ship(PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert ran.code == 0, ran.stderr
    told = [path.read_text() for path in log.iterdir()]
    assert {path.name.partition("-")[0] for path in log.iterdir()} == set(names)
    assert files_with(WRITTEN, log) == []
    lent = {
        words for text in told if "credential.http" in text for words in text.split("\n")[0].split() if "=" not in words
    }
    assert {"ls-remote", "fetch", "push"} <= lent
    assert not lent & {"init", "commit-tree", "cat-file", "merge-tree", "rev-parse"}


@on_gitea
def test_a_redirect_to_another_host_gets_no_token_whatever_git_is_told(hosted: ForgeWorld) -> None:
    with forge_of(hosted.world, "gitea") as elsewhere:
        hosted.git.status, hosted.git.location = 302, elsewhere.address.replace("127.0.0.1", "localhost")
        ran = hosted.ship(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="http.followRedirects", GIT_CONFIG_VALUE_0="true")
        assert elsewhere.git.authorizations == []
    assert ran.code == 1


@pytest.mark.long
@on_gitea
def test_a_token_can_come_from_a_file(hosted: ForgeWorld, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    ran = hosted.ship(token="", WAYBILL_FORGE_TOKEN_FILE=str(tmp_path / "token"))
    assert ran.code == 0, ran.stderr


@pytest.mark.long
@on_gitea
def test_an_environment_full_of_proxies_and_certificates_stops_nothing_on_this_machine(hosted: ForgeWorld) -> None:
    ran = hosted.ship(
        NO_PROXY="localhost,127.0.0.1,::1/128",
        ALL_PROXY="socks://127.0.0.1:1",
        https_proxy="http://[",
        SSL_CERT_FILE="/absent/ca.pem",
        SSLKEYLOGFILE="/absent/keys",
    )
    assert ran.code == 0, ran.stderr


@pytest.mark.long
@on_gitea
def test_git_sends_one_authorization_whatever_its_configuration_adds(hosted: ForgeWorld, tmp_path: Path) -> None:
    """As actions/checkout leaves it there."""
    keys = ("http", f'http "{hosted.address}/"', f'http "{hosted.address}/acme/fleet.git"')
    header = "\textraheader = AUTHORIZATION: basic b3RoZXI6dG9rZW4="
    (tmp_path / "gitconfig").write_text("".join(f"[{key}]\n{header}\n" for key in keys))
    ran = hosted.ship(GIT_CONFIG_GLOBAL=str(tmp_path / "gitconfig"))
    assert ran.code == 0, ran.stderr
    assert set(hosted.git.authorizations) == {None, basic(TOKEN)}


@on_gitea
def test_without_a_token_nothing_is_begun(hosted: ForgeWorld) -> None:
    ran = hosted.ship(token="")
    assert (ran.code, ran.json["fault"]) == (1, "you")
    assert "WAYBILL_FORGE_TOKEN" in ran.json["remedy"]
    assert hosted.world.tags() == {}
    assert hosted.git.paths == []


@on_gitea
def test_where_the_repository_moved_to_gets_no_token(hosted: ForgeWorld) -> None:
    with forge_of(hosted.world, "gitea") as elsewhere:
        elsewhere.git.token = ""
        hosted.git.status, hosted.git.location = 301, elsewhere.address.replace("127.0.0.1", "localhost")
        ran = hosted.ship()
        assert elsewhere.git.authorizations == []
    assert ran.code == 1
    assert "It moved: correct `gitops` in waybill.toml." in ran.stderr


@on_gitea
@pytest.mark.parametrize(
    ("trouble", "fault", "what", "remedy"),
    [
        ("wrong token", "GitOps repo", "asks for a credential that it accepts", "Give WAYBILL_FORGE_TOKEN"),
        ("read only", "GitOps repo", "did not accept refs/heads/apps/orders", "right to write there"),
        ("git 403", "GitOps repo", "error: 403", "Give WAYBILL_FORGE_TOKEN"),
        ("git 404", "GitOps repo", "not found", "Correct `gitops` in waybill.toml"),
        ("git 500", "GitOps repo", "error: 500", "Check that it answers"),
        ("api 401", "forge", "401 Bad credentials", "a token that is valid there"),
        ("api 403", "forge", "403 Resource not accessible", "may write pull requests"),
        ("api 404", "forge", "404 Not Found", "may see this repository"),
        ("api 422", "forge", "422 Validation Failed", "Correct what it names"),
        ("api 429", "forge", "429 Slow down", "limits requests"),
        ("api 503", "forge", "503 Gone fishing", "run the same command again later"),
    ],
)
def test_a_no_is_told_with_whose_fault_it_is_and_what_to_do(
    hosted: ForgeWorld, trouble: str, fault: str, what: str, remedy: str
) -> None:
    where, _, status = trouble.partition(" ")
    hosted.git.reads_only = trouble == "read only"
    if where == "git":
        hosted.git.status = int(status)
    if where == "api":
        hosted.api.fail = (int(status), json.dumps({"message": what.partition(" ")[2]}).encode())
    ran = hosted.ship(token="other-token" if where == "wrong" else TOKEN)
    assert ran.code == 1
    assert f"refused (the {fault}): " in ran.stderr
    said, told = ran.stderr.splitlines()[-2:]
    assert what in said
    assert remedy in told
    assert ran.json["fault"] == ("gitops" if fault == "GitOps repo" else "forge")
    assert TOKEN not in ran.stdout + ran.stderr
