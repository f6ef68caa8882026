"""connect opens its pull request as every proposal is opened: with a forge's token, and once."""

import pytest

from tests.support.forge_stand_in import serving, stand_in_of
from tests.support.git_over_http import GitOverHttp
from tests.support.gitops_repo import GitopsRepo
from tests.support.scripts.connection import connect
from tests.support.scripts.layouts import FLUX_EXAMPLE

TOKEN = "planted-forge-token"


@pytest.mark.long
@pytest.mark.parametrize("kind", ["github", "gitea", "gitlab"])
def test_a_forge_gets_one_pull_request(repo: GitopsRepo, kind: str) -> None:
    repo.commit(FLUX_EXAMPLE)
    api = stand_in_of(kind)
    with serving(api, GitOverHttp(repo.bare, TOKEN)) as address:
        env = {"WAYBILL_GITOPS": f"{address}/acme/fleet.git", "WAYBILL_FORGE": kind, "GIT_CONFIG_GLOBAL": "/dev/null"}
        refused = connect(repo, "staging", "--json", **env)
        assert (refused.code, repo.head("connect/staging")) == (1, None)
        assert "WAYBILL_FORGE_TOKEN" in refused.json["remedy"]
        assert connect(repo, "staging", "--dry-run", WAYBILL_FORGE_TOKEN=TOKEN, **env).code == 0
        assert (repo.head("connect/staging"), api.pulls) == (None, [])
        first = connect(repo, "staging", "--json", WAYBILL_FORGE_TOKEN=TOKEN, **env)
        assert first.code == 0, first.stderr
        again = connect(repo, "staging", "--json", WAYBILL_FORGE_TOKEN=TOKEN, **env)
        assert (again.code, again.json["key"], len(api.pulls)) == (0, None, 1), again.stderr
    assert first.json["proposal"].endswith("/1")
    assert again.json["proposal"] == first.json["proposal"]
    assert TOKEN not in first.stdout + first.stderr


def test_what_the_forge_says_of_itself_is_told_before_anything_is_pushed(repo: GitopsRepo) -> None:
    repo.commit(FLUX_EXAMPLE)
    api = stand_in_of("github")
    api.repository |= {"archived": True}
    with serving(api, GitOverHttp(repo.bare, TOKEN)) as address:
        env = {
            "WAYBILL_GITOPS": f"{address}/acme/fleet.git",
            "WAYBILL_FORGE": "github",
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }
        ran = connect(repo, "staging", "--json", WAYBILL_FORGE_TOKEN=TOKEN, **env)
    assert (ran.code, ran.json["fault"]) == (1, "forge")
    assert "is archived" in ran.json["refused"]
    assert repo.head("connect/staging") is None
