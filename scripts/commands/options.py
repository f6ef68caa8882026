"""The options that commands have in common, and what they begin: a session, a choice."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import structs

from ..report import Report
from ..setting_texts import form
from ..settings import FIELDS, KEYS, PARTS

if TYPE_CHECKING:
    from ..session import Session
    from ..steps.bump import Choice

COLOURS = {None: None, "auto": None, "always": True, "never": False}
F = TypeVar("F", bound=Callable[..., Any])


class Setting(click.Option):
    """An option that is also a key of waybill.toml."""


class Command(click.Command):
    """Takes an option twice only where it means several: else the last one would win, silently. Takes nothing empty: a
    script's variable without a value would else mean another question. Its help shows its own options, then the
    settings that it has use for, by what they are about."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [it for it in self.get_params(ctx) if isinstance(it, click.Option)]
        records = [(it, it.get_help_record(ctx)) for it in options]
        told = {it.name: (isinstance(it, Setting), record) for it, record in records if record}
        with formatter.section("Options"):
            formatter.write_dl([record for is_setting, record in told.values() if not is_setting])
        for title, names in PARTS.items():
            of_part = [told[name][1] for name in names.split() if name in told and told[name][0]]
            if of_part:
                with formatter.section(f"Settings of {title}, also in waybill.toml and as WAYBILL_<NAME>"):
                    formatter.write_dl(of_part)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        values, _, given = self.make_parser(ctx).parse_args([*args])
        for it in given:
            value = values.get(str(it.name))
            if value == "" or (isinstance(value, list) and "" in value):
                ctx.fail(f"{it.get_error_hint(ctx)} is empty.")
            if isinstance(it, click.Option) and not (it.multiple or it.is_flag) and given.count(it) > 1:
                ctx.fail(f"Option '{it.opts[0]}' is given more than once.")
        return super().parse_args(ctx, args)


command = partial(click.command, cls=Command)


def all_of(*options: Callable[[F], F]) -> Callable[[F], F]:
    def with_options(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return with_options


def keys(*names: str, hidden: Sequence[str] = ()) -> Callable[[F], F]:
    """The options of some settings alone; help leaves out those that are `hidden`."""
    return all_of(
        *(
            click.option(
                f"--{field.name.replace('_', '-')}",
                cls=Setting,
                metavar=form(field.type),
                hidden=field.name in hidden,
                help=KEYS[field.encode_name],
            )
            for field in FIELDS
            if field.name in names
        )
    )


config_file = click.option(
    "--config", type=click.Path(path_type=Path), help="Default: waybill.toml in this folder or the nearest one above."
)
environment = click.option(
    "--environment",
    "-e",
    "only",
    multiple=True,
    metavar="NAME",
    help="Propose it for this environment or group; may be repeated. Default: the first environment.",
)
allow_override = click.option(
    "--allow-override",
    is_flag=True,
    help="Propose it although an environment overrides the image or turns it off; what is written there then does not "
    "claim the image.",
)
dry_run = click.option("--dry-run", is_flag=True, help="Show what would be proposed; change nothing.")
output = all_of(
    click.option("--json", is_flag=True, help="Print the result as JSON."),
    click.option("--quiet", "-q", is_flag=True, help="Tell no progress: the result, warnings and refusals alone."),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        help="Whether there are colours. Default: auto, on a terminal where NO_COLOR is not set.",
    ),
)


def settings(*parts: str, without: Sequence[str] = ()) -> Callable[[F], F]:
    """The options of every command in a checkout: all settings but those `without`, of which help shows those of these
    `parts`; of none named, all."""
    every = [name for name in " ".join(PARTS.values()).split() if name not in without]
    shown = {name for part in parts or PARTS for name in PARTS[part].split()}
    return all_of(
        config_file,
        click.option("--remote", default="origin", help="The git remote that tags are pushed to.", show_default=True),
        click.option(
            "--waybill", type=click.Path(path_type=Path), help="The waybill's file. Default: .waybill/<service>.json."
        ),
        output,
        keys(*every, hidden=[name for name in every if name not in shown]),
    )


# The options of the commands that begin a release.
image = all_of(
    click.option(
        "--image",
        "references",
        required=True,
        multiple=True,
        metavar="[NAME=]REPO@sha256:...",
        help="The image that CI built. NAME is that of [[image]] in waybill.toml; without it, the service's.",
    ),
    click.option(
        "--part",
        type=click.Choice(["patch", "minor", "major"]),
        help="The part of the version to raise. Default: patch.",
    ),
    click.option("--version", "exact", metavar="X.Y.Z", help="Release exactly this version."),
    click.option("--skip-image-check", is_flag=True, help="Do not check that the registry has the image."),
    click.option(
        "--allow-older",
        is_flag=True,
        help="Release HEAD although it is older than the commit of the highest release.",
    ),
    click.option(
        "--first-publish",
        is_flag=True,
        help="This chart was never published. Use it for the first release where the registry answers "
        "`denied` instead of `not found` for a chart that does not exist yet.",
    ),
)


def reporting(options: dict[str, Any]) -> Report:
    """The command's report, as its options want it."""
    report = click.get_current_context().ensure_object(Report)
    report.json, report.quiet, report.colour = options["json"], options["quiet"], COLOURS[options["color"]]
    return report


def session(options: dict[str, Any]) -> "Session":
    from ..session import start

    return structs.replace(start(options, **_places(options)), allow_override=options.get("allow_override", False))


def session_with(options: dict[str, Any], report: Report) -> "Session":
    """One that says to `report` what it says."""
    from ..session import start

    return start(options, **_places(options) | {"report": report})


def session_for(
    service: str, options: dict[str, Any], environments: Sequence[str] = ()
) -> "AbstractContextManager[Session]":
    """That of `service`, whether its checkout is here or not."""
    from ..session import start_for

    return start_for(service, options, environments, **_places(options))


def without_service(options: dict[str, Any]) -> "Session":
    """Of nobody's release: with the settings of the nearest waybill.toml, if there is one, variables and flags."""
    from ..clients.git import Git
    from ..config import nearest, without_checkout
    from ..session import Session

    report = reporting(options)
    cwd = Path.cwd()
    file = options["config"] or nearest(cwd)
    config = without_checkout("waybill", options, (), path=file, cwd=cwd, remote="origin")
    return Session(config, Git(cwd), report, config.document.parent, config.document, away=True)


def _places(options: dict[str, Any]) -> dict[str, Any]:
    report = reporting(options)
    return {
        "path": options["config"],
        "remote": options["remote"],
        "waybill": options["waybill"],
        "report": report,
        "cwd": Path.cwd(),
    }


def choice(here: "Session", options: dict[str, Any], *, alone: bool = False) -> "Choice":
    from ..image.blocks import names
    from ..image.by_name import given
    from ..steps.bump import Choice

    return Choice(
        images=given(options["references"], names(here.config.image_blocks), here.config.service),
        part=options["part"],
        version=options["exact"],
        skip_image_check=options["skip_image_check"],
        allow_older=options["allow_older"],
        first_publish=options["first_publish"],
        alone=alone,
    )
