"""The command `waybill-service`: serve, migrate, observe, and tokens."""

import asyncio
import gc
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import click

from .command import Commands, database_errors, run, settings_of, with_database
from .settings import Settings, SettingsError
from .tokens import token


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="waybill-ledger", prog_name="waybill-service")
def main() -> None:
    """The ledger: which releases were filed, and what runs where, since when.

    Settings are read from environment variables; docs/reference/settings.md lists them.
    """
    # Piccolo imports a formatter of code for its own command line, and Litestar what could describe an input beside
    # msgspec: together a third of the start and 17 of 80 MB.
    sys.modules.setdefault("black", ModuleType("black"))
    for name in ("attr", "attrs", "pydantic"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type] # so it is as if it were not installed
    if find_spec("litestar") is None:
        raise click.ClickException(
            "only the packages of `waybill` are installed, not the ledger's: pip install 'waybill-ledger[service]'"
        )


@main.command("serve")
def serve_() -> None:
    """Run the ledger until SIGTERM or Ctrl-C. An SQLite database is migrated first."""
    settings = settings_of(Settings)
    gc.disable()  # until the server runs: it would look through everything again and again while it is made
    from .app import create_app
    from .http.log_lines import log_as_json
    from .http.server import serve

    lines = log_as_json(settings.log_level)
    try:
        with database_errors():
            started = serve(create_app(settings, lines), settings)
    finally:
        lines.flush()
    if not started:
        sys.exit(3)  # as uvicorn's own command does


@main.command("migrate")
def migrate_() -> None:
    """Migrate the database to this version. Several may run at once."""
    from .database.migrate import migrate
    from .database.patience import LONG_COMMAND
    from .database.piccolo_conf import engine_for, use
    from .ledger.events.rebuild import rebuild_stale
    from .ledger.progress import now_and_then
    from .ledger.releases.upgrade import upgrade

    settings, say = settings_of(Settings), now_and_then(_say)

    async def work() -> list[str]:
        engine = use(engine_for(settings.database_url, LONG_COMMAND, settings.database_pooler))
        await engine.start()
        try:
            applied = await migrate(engine)
            await upgrade(say)
            await rebuild_stale(say)
            return applied
        finally:
            await engine.stop()

    applied = run(work)
    click.echo(f"applied {', '.join(applied)}" if applied else "nothing to apply", err=True)


@main.command("rebuild")
def rebuild_() -> None:
    """Derive anew what ran where, from all that Flux and observers said. An upgrade that needs it does it by itself."""
    from .ledger.events.rebuild import rebuild
    from .ledger.progress import now_and_then

    click.echo(f"derived {with_database(lambda: rebuild(now_and_then(_say)), long=True)} places anew", err=True)


@main.command("observe")
@click.option("--once", is_flag=True, help="Report what is there, and end.")
def observe_(once: bool) -> None:
    """Report the HelmReleases of this cluster to the ledger, and what changes, until SIGTERM. Runs in a pod.

    So the ledger also learns what was in events that were lost, and what no event tells.
    """
    from .observer.kubernetes import Kubernetes
    from .observer.program import observe, until_stopped, watch
    from .observer.settings import ObserverSettings

    settings = settings_of(ObserverSettings)
    try:
        kubernetes = Kubernetes.of_pod()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    if not once:
        asyncio.run(until_stopped(watch(settings, kubernetes, lambda said: click.echo(said, err=True))))
    elif failed := asyncio.run(observe(settings, kubernetes)):
        raise click.ClickException("; ".join(failed))


@main.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
def backup_(file: Path) -> None:
    """Copy the SQLite database to FILE, as it is at this moment. The ledger may go on meanwhile.

    A copy that `cp` makes of a database in use is not whole.
    """
    from .database.backup import backup

    _copied(lambda database: backup(database, file), file)


@main.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
def restore_(file: Path) -> None:
    """Make the SQLite database of FILE, which `backup` made. Stop the ledger first, and move its database away.

    FILE may also be the folder of an archive, or a file in it: its bodies are taken back, and the ledger may go on.
    """
    from .database.backup import restore
    from .ledger.events.archive_file import is_archive

    if is_archive(file):
        _take_back(file)
    elif not file.is_file():
        raise click.ClickException(f"There is no file {file}, nor an archive.")
    else:
        _copied(lambda database: restore(file, database), file)


@main.command("archive")
@click.option("--before", "time", required=True, metavar="TIME", help="As 2026-01-31, or 2026-01-31T12:00:00+02:00.")
@click.argument("folder", type=click.Path(path_type=Path))
def archive_(time: str, folder: Path) -> None:
    """Move the bodies of events that came before TIME into files in FOLDER. The ledger may go on meanwhile.

    What the ledger reads of them stays, so every answer stays as it is; `restore FOLDER` takes the bodies back.
    """
    from .domain.moment import parse_moment
    from .ledger.events.archive import archive
    from .ledger.progress import now_and_then

    try:
        before = parse_moment(time)
    except ValueError as error:
        raise click.UsageError(f"--before {time!r}: {error}") from None
    try:
        moved = with_database(lambda: archive(before, folder, now_and_then(_say)), long=True)
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error}; nothing is lost, begin again") from None
    click.echo(
        f"{moved.bodies} bodies of {moved.size} bytes are in {folder}; {moved.left} bytes of them stay", err=True
    )
    _give_room_back()


def _take_back(file: Path) -> None:
    from .ledger.events.archive import UnknownEvents, take_back
    from .ledger.events.archive_file import Damaged, files_of
    from .ledger.progress import now_and_then

    try:
        taken = with_database(lambda: take_back(files_of(file), now_and_then(_say)), long=True)
    except (Damaged, UnknownEvents) as error:
        raise click.ClickException(f"{error} Nothing was changed.") from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error}") from None
    click.echo(f"{taken} bodies taken back", err=True)


def _give_room_back() -> None:
    import sqlite3

    from .database.url import parse_url
    from .database.vacuum import vacuum

    kind, target = parse_url(settings_of(Settings).database_url)
    if kind != "sqlite":
        click.echo(
            "new rows use their room; VACUUM FULL event gives it back to the disk, while nothing can use it", err=True
        )
        return
    try:
        done = vacuum(Path(target))
        more = "with room for two copies of it on its disk it becomes smaller still: begin again then"
        more = "" if done.is_anew else f"; {more}"
        if done.is_read:
            more = "; another program reads it, so its log stays as large as it is: begin again when that has ended"
        click.echo(f"{target} is {max(0, done.freed)} bytes smaller{more}", err=True)
    except sqlite3.Error as error:
        raise click.ClickException(f"the bodies are moved, and new rows use their room; {target}: {error}") from None


def _say(text: str) -> None:
    click.echo(text, err=True)


def _copied(copy: Callable[[Path], int], file: Path) -> None:
    import sqlite3

    from .database.backup import NotCopied
    from .database.url import parse_url

    kind, target = parse_url(settings_of(Settings).database_url)
    if kind != "sqlite":
        raise click.ClickException(
            "DATABASE_URL names PostgreSQL: use pg_dump and pg_restore, or your provider's backups"
        )
    try:
        size = copy(Path(target))
    except NotCopied as error:
        raise click.ClickException(str(error)) from None
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(f"{file} and {target} cannot be copied: {error}") from None
    click.echo(f"{size} bytes copied", err=True)


@main.command("forget-cluster")
@click.argument("environment")
@click.argument("cluster")
def forget_cluster_(environment: str, cluster: str) -> None:
    """Forget CLUSTER, as the setting CLUSTER of its observer named it, in ENVIRONMENT: it is no more, or has another
    name. Stop its observer first. The ledger may go on meanwhile.

    What was last seen there becomes unmanaged, no silence of it is told any more, and the history says that it was
    forgotten. What is known of the past stays.
    """
    from datetime import UTC, datetime

    from .domain.place import OlderRules
    from .ledger.events.forget_cluster import UnknownCluster, forget_cluster

    try:
        gone = with_database(lambda: forget_cluster(environment, cluster, datetime.now(UTC)), long=True)
    except UnknownCluster as error:
        known = f"; it has {', '.join(error.known)}" if error.known else ""
        raise click.ClickException(f"{environment} has no cluster {cluster}{known}. Nothing was changed.") from None
    except OlderRules:
        raise click.ClickException("an older version derived what runs: run `waybill-service rebuild` first") from None
    if gone is None:
        click.echo(f"cluster {cluster} of {environment} was forgotten before", err=True)
    else:
        click.echo(f"cluster {cluster} of {environment} is forgotten, with {gone} place{'s' * (gone != 1)}", err=True)


main.add_command(token)


if __name__ == "__main__":
    sys.exit(main(prog_name="waybill-service"))
