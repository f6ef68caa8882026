"""The source repository's address in the record: one form, however a clone names it."""

import re
from urllib.parse import urlsplit


def normalise(url: str) -> str:
    """`https://host/path` for every form of one remote: no user, password, query, trailing `/` or `.git`.

    scp-like (`git@host:path`) and `ssh://` addresses become https, since the host serves both; a local path stays.
    """
    scp = re.match(r"(?:[^/@:]+@)?([^/:@]+):(?!//)(.*)", url)
    if scp:
        url = f"ssh://{scp[1]}/{scp[2].lstrip('/')}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "ssh", "git"):
        return url
    secure = parts.scheme in ("https", "ssh")
    # An ssh port says nothing of the https one.
    usual = {"http": 80, "https": 443}.get(parts.scheme, parts.port)
    port = f":{parts.port}" if parts.port not in (None, usual) else ""
    path = parts.path.rstrip("/").removesuffix(".git").rstrip("/")
    return f"{'https' if secure else parts.scheme}://{(parts.hostname or '').lower()}{port}{path}"
