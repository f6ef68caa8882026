"""An option that means one thing is given once: the last of two would win, and nobody would see it."""

import click
import pytest

from scripts.__main__ import cli
from scripts.commands.options import Command
from tests.support.builders import World
from tests.support.scripts.everything import everything

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize("name", cli.commands)
def test_every_command_looks_at_that(name: str) -> None:
    assert isinstance(cli.commands[name], Command)


@pytest.mark.parametrize(
    ("command", "option", "values"),
    [
        ("ship", "--version", ("1.0.0", "2.0.0")),
        ("plan", "--version", ("1.0.0", "1.0.0")),
        ("ship", "--registry", ("oci://a.example/x", "oci://b.example/x")),
        ("ship", "--gitops", ("https://a.example/x/y", "https://b.example/x/y")),
        ("bump", "--part", ("minor", "major")),
        ("promote", "--from", ("staging", "production")),
        ("record", "--remote", ("https://a.example/x", "https://b.example/x")),
    ],
)
def test_it_is_wrong_usage_and_changes_nothing(
    world: World, command: str, option: str, values: tuple[str, str]
) -> None:
    more = {"promote": ("--to", "production"), "record": ("orders", "1.0.0")}
    rest = more.get(command, ("--image", f"example.org/orders@{DIGEST}"))
    before = everything(world)
    ran = world.waybill(command, option, values[0], *rest, f"{option}={values[1]}")
    assert ran.code == 2, ran.stderr
    assert f"Option '{option}' is given more than once." in ran.stderr
    assert f"waybill {command}" in ran.stderr
    assert everything(world) == before


def test_what_may_be_repeated_still_may() -> None:
    several = {it.opts[0] for command in cli.commands.values() for it in command.params if _is_several(it)}
    assert several == {"--image", "--environment", "--to", "--namespace"}


def _is_several(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and parameter.multiple


@pytest.mark.parametrize("image", ["example.org/orders@", "orders=example.org/others@"])
def test_one_image_by_two_options_is_refused(world: World, image: str) -> None:
    ran = world.waybill("plan", "--image", f"example.org/orders@{DIGEST}", "--image", f"{image}{DIGEST}")
    assert ran.code == 1
    assert "--image is given more than once for orders" in ran.stderr


@pytest.mark.parametrize(
    ("option", "text", "what"),
    [
        ("--image-keys", "repository=image.repository,digest=image.digest,digest=image.tag", "digest is given twice"),
        ("--namespace", "staging=apps,production=apps,staging=other", "staging is given twice, as apps and as other"),
    ],
)
def test_a_table_in_an_option_names_a_key_once(world: World, option: str, text: str, what: str) -> None:
    image = f"example.org/orders@{DIGEST}"
    for ran in (
        world.waybill("plan", "--image", image, option, text),
        world.waybill("plan", "--image", image, env={f"WAYBILL_{option[2:].upper().replace('-', '_')}": text}),
    ):
        assert ran.code == 1
        assert what in ran.stderr
