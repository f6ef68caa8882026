"""Addresses of git repositories: which may be used, and one form for all that mean the same."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .errors import Refused


def is_local(address: str) -> bool:
    """Whether git would read `address` as a path of this machine."""
    return address.startswith("file://") or not re.match(r"[^/]+:", address)


def repository_address(address: str | None, key: str, here: Path, *, resolve: bool = True) -> Any:
    """`address` if git may be given it: it is no option, names no helper program and carries no password."""
    if address is None:
        return None
    if address.startswith("-") or "::" in address.split("/")[0] or re.search(r"[\x00-\x20\x7f]", address):
        shown = f" = {address!r}" if "@" not in address else ""  # it may hold a password
        raise Refused(f"{key}{shown} is no address of a repository.", "Give a URL or a path.", fault="you")
    # A password may hold an unescaped `/`; a port holds digits alone.
    if re.match(r"[a-z+]+://[^/@]*:(?![0-9]+/)[^@]*@", address):
        raise Refused(
            f"The address in {key} carries a password.",
            "Leave it out: git asks its credential store, or WAYBILL_FORGE_TOKEN is used.",
            fault="you",
        )
    if resolve and is_local(address) and "://" not in address:
        return str((here / address).resolve())
    return address.rstrip("/")


def ledger_address(url: str | None) -> str | None:
    """The ledger's address without a last `/`; it carries no credential and no query."""
    if url is None:
        return None
    if re.search(r"[@?#]", url):
        raise Refused(
            "The address in ledger carries a user, a password or a query.",
            "Give it as https://host/path; the token goes into WAYBILL_LEDGER_TOKEN.",
            fault="you",
        )
    return url.rstrip("/")


FORGES = {"github.com": "github", "gitlab.com": "gitlab", "gitea.com": "gitea", "codeberg.org": "forgejo"}


def likely_forge(repository: str | None) -> str | None:
    """The forge of a repository, where its address shows it."""
    if repository is None:
        return None
    return "file" if is_local(repository) else FORGES.get(_host(repository))


def commit_page(repository: str, commit: str) -> str:
    """Where people see a commit of the repository at this web address."""
    gitlab = "gitlab" in _host(repository).split(".")
    return f"{repository}{'/-' if gitlab else ''}/commit/{commit}"


def _host(repository: str) -> str:
    return normalise(repository).partition("://")[2].partition("/")[0]


# Hosts that ignore the case of a path, and the names under which they are reached where port 22 is closed.
NO_CASE = ("github.com", "gitlab.com", "codeberg.org", "bitbucket.org")
OVER_443 = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com", "altssh.bitbucket.org": "bitbucket.org"}


def normalise(url: str) -> str:
    """`https://host/path` for every form of one remote: no user, password, query, trailing `/` or `.git`; in lower case
    where the host is known to ignore case.

    scp-like (`git@host:path`) and `ssh://` addresses become https, since the host serves both; a local path stays, as
    does what is no address.
    """
    scp = re.match(r"(?:[^/@:]+@)?([^/:@]+):(?!//)(.*)", url)
    if scp:
        url = f"ssh://{scp[1]}/{scp[2].lstrip('/')}"
    try:
        parts = urlsplit(url)
        number = parts.port
    except ValueError:
        return url
    if parts.scheme not in ("http", "https", "ssh", "git"):
        return url
    secure = parts.scheme in ("https", "ssh")
    # The port of ssh is not that of https.
    usual = {"http": 80, "https": 443}.get(parts.scheme, number)
    port = f":{number}" if number not in (None, usual) else ""
    host = (parts.hostname or "").lower()
    if parts.scheme == "ssh" and host in OVER_443:
        host, port = OVER_443[host], ""
    path = parts.path.rstrip("/").removesuffix(".git").rstrip("/")
    path = path.lower() if host in NO_CASE or host.endswith(".ghe.com") else path
    return f"{'https' if secure else parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{path}"
