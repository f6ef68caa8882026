"""What the commands share: the settings, the database, and errors as sentences."""

import asyncio
import errno
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from .settings import FromEnvironment, Settings, SettingsError

T = TypeVar("T")
S = TypeVar("S", bound=FromEnvironment)
REMEDIES = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EFBIG: "allow larger files (`ulimit -f`)",
}


@contextmanager
def while_output_is_taken() -> Iterator[None]:
    """Ends quietly at a closed pipe (`| head -1`), as SIGPIPE would, and says it where a disk is full."""
    try:
        yield
    except BrokenPipeError:
        write_no_more(1)
        write_no_more(2)
        sys.exit(141)
    except OSError as error:
        if error.errno not in REMEDIES:
            raise
        write_no_more(1)
        click.echo(f"Error: {error.strerror}: {REMEDIES[error.errno]}, then run the same command again", err=True)
        sys.exit(1)


def write_no_more(number: int) -> None:
    """To this file descriptor. What is left would else fail again when Python ends, with exit code 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


class Commands(click.Group):
    main = while_output_is_taken()(click.Group.main)
    make_context = while_output_is_taken()(click.Group.make_context)
    invoke = while_output_is_taken()(click.Group.invoke)


def settings_of(kind: type[S]) -> S:
    try:
        return kind.from_environment()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def with_database(work: Callable[[], Awaitable[T]], *, long: bool = False) -> T:
    """Says on stderr which database is used. One that no ledger has is refused, and not made: a ledger would not know
    what is written there. `long`: a statement may take any time."""
    from .database.lifespan import NeverUsed, reopened
    from .database.patience import COMMAND, LONG_COMMAND
    from .database.url import shown

    settings = settings_of(Settings)
    url, name = settings.database_url, shown(settings.database_url)

    async def do() -> T:
        async with reopened(url, settings.database_pooler, LONG_COMMAND if long else COMMAND):
            return await work()

    click.echo(f"database: {name}", err=True)
    try:
        return run(do)
    except NeverUsed:
        raise click.ClickException(
            f"{name} is no database of a ledger: neither `waybill-service serve` nor `waybill-service migrate` has"
            " used it. Set DATABASE_URL as the ledger has it, or migrate it first. Nothing was changed."
        ) from None


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    with database_errors():
        return asyncio.run(work())


@contextmanager
def database_errors() -> Iterator[None]:
    """Says that a database cannot be used."""
    from .database.outages import DATABASE_ERRORS, is_outage

    try:
        yield
    except DATABASE_ERRORS as error:
        if not is_outage(error):
            raise
        raise click.ClickException(f"the database cannot be used: {error or type(error).__name__}") from None
