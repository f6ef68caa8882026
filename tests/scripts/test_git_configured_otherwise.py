"""Whatever git's configuration says of a person's own pushes and fetches, ship pushes its tag and its branch, and no
more."""

from pathlib import Path

import pytest

from tests.support.builders import World, git

CONFIGURED = {
    "bare repositories are not looked for": "[safe]\n\tbareRepository = explicit",  # git 3's own
    "only submodules are pushed": "[push]\n\trecurseSubmodules = only",
    "submodules are pushed and fetched too": "[submodule]\n\trecurse = true",
    "the remote is told what it does not take": "[push]\n\tpushOption = ci.skip",
    "tags go along": "[push]\n\tfollowTags = true",
    "trailers are told by another sign": '[trailer]\n\tseparators = "="',
    "what is logged has letters of another kind": "[i18n]\n\tlogOutputEncoding = ISO-8859-1",
    "nothing is pushed by itself": "[push]\n\tdefault = nothing\n\tuseForceIfIncludes = true",
    "colours and signatures everywhere": "[color]\n\tui = always\n[log]\n\tshowSignature = true",
}


@pytest.mark.long
@pytest.mark.parametrize("text", CONFIGURED.values(), ids=CONFIGURED)
def test_ship_pushes_its_tag_and_branch_alone(world: World, tmp_path: Path, text: str) -> None:
    (tmp_path / "gitconfig").write_text(f"{text}\n")
    env = {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    author = 'commit_author = "Zoë <zoe@example.org>"\ncommit_title = "→ {title}"\n'
    world.commit({"waybill.toml": (world.checkout / "waybill.toml").read_text() + author})
    git(world.checkout, "tag", "--annotate", "--message", "Mine", "mine")
    first = world.ship(world.image(), env=env)
    second = world.ship(world.image("two"), env=env)
    assert set(world.tags()) == {"orders-0.1.0", "orders-0.1.1"}
    assert second["gitops"]["replaces"] == first["chart"]["version"]
    assert git(world.gitops, "rev-list", "--count", "main..apps/orders") == "1"
    assert git(world.gitops, "rev-parse", "apps/orders") == second["gitops"]["commit"]


@pytest.mark.long
def test_what_other_programs_are_told_by_variables_is_none_of_ours(world: World) -> None:
    """git's own for its hooks, those of people who search by patterns, and those who install with Helm."""
    folder = str(world.folder / "elsewhere")
    env = dict.fromkeys(("GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE"), folder)
    env |= dict.fromkeys(("GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"), "1")
    env |= {"HELM_DRIVER": "sql", "HELM_DRIVER_SQL_CONNECTION_STRING": "host=127.0.0.1 port=9", "HELM_KUBECONTEXT": "a"}
    assert world.ship(world.image(), env=env)["source"]["tag"] in world.tags()
