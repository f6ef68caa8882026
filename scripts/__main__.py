"""The command `waybill`."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module

import click

from .errors import Incomplete, Refused, accident
from .report import Report


@contextmanager
def while_somebody_reads() -> Iterator[None]:
    """Ends quietly at a closed pipe (`| head -1`), as SIGPIPE would: click ends with 1, which is the answer "no"."""
    try:
        yield
    except BrokenPipeError:
        write_no_more(1)
        write_no_more(2)
        sys.exit(141)


def write_no_more(number: int) -> None:
    """To this file descriptor. What is left would else fail again when Python ends, with exit code 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


class Grouped(click.Group):
    """Its help lists the commands by what they are for."""

    make_context = while_somebody_reads()(click.Group.make_context)
    invoke = while_somebody_reads()(click.Group.invoke)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, (_, names) in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(100)) for name in names])


# By what they are for: the module of commands/ that has them, and their names.
COMMANDS = {
    "Release": ("release", ("plan", "ship", "promote", "rollback")),
    "Ask the ledger, from anywhere": ("ask", ("status", "where", "history", "changes", "compare", "figures", "wait")),
    "Set up": ("set_up", ("init", "connect", "adopt", "doctor")),
    "The steps of ship": ("steps", ("bump", "package", "publish", "render", "propose", "record")),
}


MODULES = {name: module for module, names in COMMANDS.values() for name in names}


class Commands(Mapping[str, click.Command]):
    """Each is made when it is asked for: all together take as long as a step of ship."""

    def __getitem__(self, name: str) -> click.Command:
        return with_variables(getattr(import_module(f".commands.{MODULES[name]}", __package__), name))

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


def with_variables(command: click.Command) -> click.Command:
    """Each of its parameters can also be given by a variable, as the actions for GitHub do."""
    for it in command.params:
        name = it.human_readable_name if isinstance(it, click.Argument) else max(it.opts, key=len).strip("-")
        if name.replace("-", "").isalpha():
            it.envvar = f"WAYBILL_{command.name}_{name}".upper().replace("-", "_")
    return command


CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 120}


@click.group(cls=Grouped, context_settings=CONTEXT)
@click.version_option(package_name="waybill-ledger")
def cli() -> None:
    """Ships a container image as a versioned Helm chart through Flux, and keeps the record of what arrived where.

    Settings come from waybill.toml, from the variables WAYBILL_<KEY> and from flags; the later ones win. Secrets come
    from WAYBILL_LEDGER_TOKEN and WAYBILL_FORGE_TOKEN (or the files that WAYBILL_LEDGER_TOKEN_FILE and
    WAYBILL_FORGE_TOKEN_FILE name), and from the credential stores of docker and git.

    What a command takes can also be given by variables: an option --x-y as WAYBILL_<COMMAND>_X_Y, and so an argument;
    values of one that may be repeated are separated by spaces.

    Exit code 0: done, 1: refused, or done but for a part, with the cause and what to do, 2: wrong usage.
    """


cli.commands = Commands()  # type: ignore[assignment]  # nothing is added to it


def main() -> None:
    """The entry point: a refusal is shown and ends with 1, and so is what this machine does not allow."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed before
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    # httpx imports its own command line where it can, which takes as long as all the rest of it.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    report = Report(json="--json" in sys.argv)
    try:
        with while_somebody_reads():
            run(report)
    except (OSError, MemoryError) as error:
        report.json = False  # where stdout takes no more
        report.refuse(accident(error))
        try:
            sys.stdout.flush()
        except OSError:
            write_no_more(1)
        sys.exit(1)


def run(report: Report) -> None:
    try:
        cli(prog_name="waybill", standalone_mode=True, obj=report)
    except Refused as error:
        if isinstance(error, Incomplete):
            from .commands.results import show_done

            show_done(report, error)
        report.refuse(error)
        sys.exit(1)
    finally:
        sys.stdout.flush()  # where it takes no more, that is told


if __name__ == "__main__":
    main()
