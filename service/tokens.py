"""The commands `waybill-service token`: create, list and revoke."""

import re
from pathlib import Path

import click

from .command import settings_of, with_database
from .settings import Settings

LONGEST = 19  # digits of a number that a database has none of


@click.group()
def token() -> None:
    """Tokens for clients of the ledger: create, list and revoke them."""


@token.command("create")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help="What the token allows: releases:write, read or metrics. May be repeated.",
)
@click.option("--service", help="The only service that the token may write for. Default: any.")
@click.option("--expires", default="90d", show_default=True, help="How long it is valid, in days or hours: 90d or 12h.")
@click.option("--name", default="", help="A name for the list and the log. Default: the service.")
@click.option(
    "--into",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Declare it in FILE, for the setting TOKENS_FILE, instead of in the database, which is not needed then.",
)
def create(scopes: tuple[str, ...], service: str | None, expires: str, name: str, into: Path | None) -> None:
    """Create a token and print it. It is stored only as a hash, so it cannot be printed again."""
    from .domain.forms import is_label
    from .domain.tokens import check_name, parse_lifetime, parse_scopes
    from .ledger import tokens
    from .ledger.declared_tokens import declare

    if service is not None and not is_label(service):
        raise click.UsageError(f"{service!r} is not the name of a service: lower-case letters, digits and dashes")
    name = name or service or "unnamed"
    try:
        allowed, lifetime = parse_scopes(scopes), parse_lifetime(expires)
        check_name(name)
        secret = declare(into, name, allowed, service, lifetime) if into else None
    except ValueError as error:
        raise click.UsageError(f"{error}") from None
    except OSError as error:
        raise click.ClickException(f"{into} cannot be read and written: {error}. Nothing was changed.") from None
    click.echo(secret or with_database(lambda: tokens.create(name, allowed, service, lifetime)))


@token.command("list")
def list_() -> None:
    """List all tokens, without their secrets: those of the database by number, those of TOKENS as declared."""
    from .domain.tokens import parse_declared
    from .ledger import tokens

    for it in with_database(tokens.every):
        state = "revoked" if it.revoked_at else f"expires {it.expires_at:%Y-%m-%d}"
        name = "".join(each if each.isprintable() else "\ufffd" for each in it.name)  # of before names were checked
        click.echo(f"{it.id}\t{name}\t{' '.join(it.scopes)}\t{it.service or 'any service'}\t{state}")
    given = settings_of(Settings).tokens
    for one in parse_declared(given.read_bytes() if isinstance(given, Path) else given).values():
        service = one.service or "any service"
        click.echo(f"declared\t{one.name}\t{' '.join(one.scopes)}\t{service}\texpires {one.expires_at:%Y-%m-%d}")


@token.command()
@click.argument("id")
def revoke(id: str) -> None:
    """Revoke the token with this number, as `list` shows it. Every ledger refuses it within 5 seconds.

    A declared token is revoked by taking it out of TOKENS.
    """
    from .ledger import tokens

    if not re.fullmatch("[0-9]+", id):
        raise click.UsageError(f"{id!r} is no number of a token")
    number = int(id) if len(id) < LONGEST else None
    if number is None or not with_database(lambda: tokens.revoke(number)):
        raise click.ClickException(f"there is no token {id}; `waybill-service token list` shows all tokens")
