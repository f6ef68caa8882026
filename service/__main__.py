"""The command `waybill-service`: serve, migrate, token, observe."""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import click

from .settings import Settings, SettingsError

T = TypeVar("T")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The ledger of what was released and what arrived where. Its settings come from the environment."""


@main.command()
def serve() -> None:
    """Serve HTTP until SIGTERM or Ctrl-C. An SQLite database is migrated first."""
    settings = _settings()
    import uvicorn

    from .app import create_app
    from .http.drain import Server
    from .http.server import ImpatientHttp
    from .http.telemetry import log_as_json

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again once all is answered
    log_as_json()
    app = create_app(settings)
    # All that is there now stays. The collector would look through it some times a minute, 50 ms each time in which
    # nobody is answered.
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        http=ImpatientHttp,
        timeout_graceful_shutdown=10,
    )
    server = Server(config, app.state, settings.drain_seconds)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(3)  # as uvicorn's own command does


@main.command()
def migrate() -> None:
    """Bring the database to what this version needs; safe beside other runners."""
    from .database.migrate import migrate as run
    from .database.piccolo_conf import engine_for, use

    async def work() -> list[str]:
        engine = use(engine_for(_settings().database_url, statement_seconds=None))
        await engine.start()
        try:
            return await run(engine)
        finally:
            await engine.stop()

    done = _run(work)
    click.echo(f"applied {', '.join(done)}" if done else "nothing to apply", err=True)


@main.command("observe")
def observe_() -> None:
    """Read the HelmReleases of a cluster, from inside it, and post to the ledger what was seen."""
    from .observer.cluster import Observer, observe

    try:
        observer = Observer.from_environment()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    if missed := list(observe(observer)):
        raise click.ClickException("; ".join(missed))


@main.group()
def token() -> None:
    """Tokens that clients show."""


@token.command("create")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="releases:write, read or metrics; may be repeated."
)
@click.option("--service", help="The only service that it may write; without it, any.")
@click.option("--expires", default="90d", show_default=True, help="Its lifetime in days or hours, as 90d or 12h.")
@click.option("--name", default="", help="Whose it is; shown by list and in the log.")
def create(scopes: tuple[str, ...], service: str | None, expires: str, name: str) -> None:
    """Print a new token, which is shown this once."""
    from .domain.tokens import parse_lifetime, parse_scopes
    from .domain.waybill import is_label
    from .ledger import tokens

    if service is not None and not is_label(service):
        raise click.UsageError(f"{service!r} is no service's name: lower-case letters, digits and dashes")
    try:
        allowed, lifetime = parse_scopes(scopes), parse_lifetime(expires)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    click.echo(_with_database(lambda: tokens.create(name or service or "unnamed", allowed, service, lifetime)))


@token.command("list")
def list_() -> None:
    """Print every token, without its secret."""
    from .ledger import tokens

    for it in _with_database(tokens.every):
        state = "revoked" if it.revoked_at else f"expires {it.expires_at:%Y-%m-%d}"
        click.echo(f"{it.id}\t{it.name}\t{' '.join(it.scopes)}\t{it.service or 'any service'}\t{state}")


@token.command()
@click.argument("id", type=int)
def revoke(id: int) -> None:
    """End a token, by the number that list shows; everywhere within 5 seconds."""
    from .ledger import tokens

    if not _with_database(lambda: tokens.revoke(id)):
        raise click.ClickException(f"there is no token {id}; `waybill-service token list` shows them")


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _with_database(work: Callable[[], Awaitable[T]]) -> T:
    from .database.lifespan import opened

    async def run() -> T:
        async with opened(_settings().database_url):
            return await work()

    return _run(run)


def _run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    from .database.outages import SILENT

    try:
        return asyncio.run(work())
    except SILENT as error:
        raise click.ClickException(f"the database cannot be used: {error or type(error).__name__}") from None


if __name__ == "__main__":
    sys.exit(main(prog_name="waybill-service"))
