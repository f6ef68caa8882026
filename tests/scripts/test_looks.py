"""What a terminal and a workflow's page show: short help, colours of patches, and nothing that was not asked for."""

import os

import click
import pytest

from scripts.__main__ import cli
from scripts.settings import FIELDS, PARTS
from tests.support.builders import World

COLOURED = "\x1b["


def help_of(name: str) -> str:
    command = cli.commands[name]
    return command.get_help(click.Context(command, info_name=name, max_content_width=80))


def test_the_overview_tells_what_each_command_does_in_a_whole_sentence() -> None:
    assert [it.name for it in cli.commands.values() if "..." in it.get_short_help_str(100)] == []


def test_every_setting_is_in_one_part_of_the_help() -> None:
    assert sorted(" ".join(PARTS.values()).split()) == sorted(field.name for field in FIELDS)


def test_help_shows_a_commands_own_options_first_and_only_settings_that_it_has_use_for() -> None:
    own, *parts = help_of("package").split("Settings of ")
    assert "--json" in own
    assert "--registry" not in own
    assert [part.split(",")[0] for part in parts] == ["the chart"]
    assert len(help_of("ship").split("Settings of ")) == len(PARTS) + 1


def test_help_shows_what_may_be_given() -> None:
    told = help_of("propose")
    assert "--forge github|gitlab|gitea|forgejo|file" in told
    assert "--draft true|false" in told
    assert "--labels TEXT,..." in told


def test_a_setting_that_help_leaves_out_is_taken_nevertheless(world: World) -> None:
    assert world.waybill("package", "--forge", "file").code == 1  # refused: nothing was bumped yet
    assert world.waybill("package", "--nonsense", "file").code == 2


@pytest.mark.long
def test_quiet_tells_the_result_and_no_progress(world: World) -> None:
    ran = world.waybill("plan", "--image", world.image(), "--quiet")
    assert (ran.code, ran.stderr) == (0, "")
    assert "orders 0.1.0" in ran.stdout


def test_quiet_keeps_refusals(world: World) -> None:
    ran = world.waybill("plan", "--image", "orders:latest", "-q")
    assert ran.code == 1
    assert ran.stderr.startswith("refused (your input): ")


@pytest.mark.long
@pytest.mark.parametrize(
    ("args", "variables", "coloured"),
    [
        ((), {}, False),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {}, False),
    ],
)
def test_a_patch_has_gits_colours_where_it_is_wanted(
    world: World, args: tuple[str, ...], variables: dict[str, str], coloured: bool
) -> None:
    ran = world.waybill("plan", "--image", world.image(), *args, env=variables)
    assert (COLOURED in ran.stdout) == coloured
    assert (f"{COLOURED}32m+" in ran.stdout) == coloured


@pytest.mark.long
def test_a_workflow_folds_the_patch(world: World) -> None:
    ran = world.waybill("plan", "--image", world.image(), env={"GITHUB_ACTIONS": "true"})
    folded = ran.stdout.split("::group::Patch of the GitOps repo\n")[1].split("::endgroup::\n")[0]
    assert "+++ b/apps/orders/staging/release.yaml" in folded
    assert "::group::" not in world.waybill("plan", "--image", world.image(), env={"GITHUB_ACTIONS": ""}).stdout


def test_the_shell_completes_commands_and_options(world: World) -> None:
    env = {**os.environ, "_WAYBILL_COMPLETE": "bash_complete", "COMP_WORDS": "waybill ship --imag", "COMP_CWORD": "2"}
    ran = world.waybill(env=env)
    assert ran.stdout.split() == ["plain,--image", "plain,--image-keys"]
