"""What a hook of the GitOps repo declines is told as what remains to do of a release that is published, and the same
command does it. Hooks of this machine are none of Waybill's."""

from pathlib import Path

import pytest

from tests.support.builders import World, git, program

pytestmark = pytest.mark.long

DECLINES = {
    "pre-receive": "pre-receive hook declined; Ask the platform team",
    "update": "hook declined; Ask the platform team",
}


@pytest.mark.parametrize("name", DECLINES)
def test_what_a_hook_declines_is_left_and_the_same_command_completes_it(world: World, name: str) -> None:
    program(world.gitops / "hooks", name, "echo 'Ask the platform team.' >&2; exit 1")
    image = world.image()
    assert world.waybill("plan", "--image", image).code == 0  # no hook is asked
    ran = world.waybill("ship", "--json", "--image", image)
    assert (ran.code, ran.json["fault"]) == (1, "gitops"), ran.stderr
    began = "orders 0.1.0 is published, and what staging gets is not complete: "
    assert ran.json["refused"].startswith(began)
    assert DECLINES[name] in ran.json["refused"]
    assert ran.json["remedy"].endswith("The same command completes it.")
    assert git(world.gitops, "for-each-ref", "refs/heads/apps") == ""
    assert list(world.tags()) == ["orders-0.1.0"]

    (done,) = ran.json["done"]
    assert done["chart"]["digest"].startswith("sha256:")
    (world.gitops / "hooks" / name).unlink()
    whole = world.ship(image)
    assert whole["chart"] == done["chart"]
    assert whole["gitops"]["commit"] == git(world.gitops, "rev-parse", "apps/orders")


def test_hooks_of_this_machine_do_not_run(world: World, tmp_path: Path) -> None:
    both, own = ("pre-commit", "commit-msg", "pre-push", "post-checkout", "pre-auto-gc"), "reference-transaction"
    for hooks in (tmp_path / "hooks", world.checkout / ".git/hooks"):
        for name in both:
            program(hooks, name, f"echo {name} >> {tmp_path}/ran; exit 1")
    program(world.checkout / ".git/hooks", own, f"echo {own} >> {tmp_path}/ran; exit 1")  # the remotes have it, too
    (tmp_path / "gitconfig").write_text(f"[core]\n\thooksPath = {tmp_path / 'hooks'}\n")
    world.ship(world.image(), env={"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")})
    assert not (tmp_path / "ran").exists()
