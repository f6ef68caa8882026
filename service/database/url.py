"""The forms of DATABASE_URL, checked without loading a driver."""

from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

Pooler = Literal["none", "session", "transaction"]  # how a pooler between the ledger and PostgreSQL works


class DatabaseUrl(NamedTuple):
    """`target` is what the driver opens: SQLite's file, or the whole URL."""

    kind: Literal["sqlite", "postgres"]
    target: str


def parse_url(url: str) -> DatabaseUrl:
    """Raises ValueError for any other form. The message does not repeat the URL, which may hold a password."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return DatabaseUrl("sqlite", rest[1:])
    if separator and scheme in ("postgresql", "postgres"):
        hosts_of(url)
        return DatabaseUrl("postgres", url)
    raise ValueError("it must be sqlite:///relative.db, sqlite:////absolute.db or postgresql://user:password@host/name")


def shown(url: str) -> str:
    """Which database it is, without user and password: the file's whole path, or host and name."""
    kind, target = parse_url(url)
    if kind == "sqlite":
        return str(Path(target).absolute())
    hosts = ",".join(f"{host}:{port}" for host, port in hosts_of(url))
    name = unquote(urlsplit(url).path.lstrip("/"))
    return f"PostgreSQL {name or 'of the default name'} at {hosts or 'the default host'}"


def hosts_of(url: str) -> list[tuple[str, int]]:
    """The hosts, or folders of sockets, that a URL of PostgreSQL names, each with its port:
    `postgresql://a:5432,b/ledger`, or `postgresql:///ledger?host=a,b&port=5432,5433`. Empty where it names none."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    named = parts.netloc.rpartition("@")[2] or query.get("host", [""])[-1]
    ports = query.get("port", [""])[-1].split(",")
    hosts = [_host_and_port(it) for it in named.split(",") if it]
    if len(ports) == 1:
        ports *= len(hosts)
    return [(host, port or int(also or 5432)) for (host, port), also in zip(hosts, ports, strict=True)]


def _host_and_port(text: str) -> tuple[str, int | None]:
    if text.startswith("/"):
        return text, None
    parts = urlsplit(f"//{text}")
    return unquote(parts.hostname or ""), parts.port
