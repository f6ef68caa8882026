"""The forge's token, for git alone, and only for the host that it is of.

Other users of the machine can read a command line, and every child of a process its environment: git gets the token
through a pipe, from which its credential helper reads it. https://git-scm.com/docs/gitcredentials
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# Forges take any user name with a token as password; GitHub documents this one.
USER = "x-access-token"


@dataclass(frozen=True)
class Credential:
    """`place` is the address of a repository without user, as settings of git name it."""

    place: str
    token: str = field(repr=False)


def credential_of(url: str, token: str | None) -> Credential | None:
    """For a `url` of https or of loopback; other transports take no token."""
    loopback = r"http://(?=(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?/)"
    found = re.match(rf"(https://|{loopback})([^/@]*@)?(?P<path>[^/]+/.*)", url)
    return Credential(f"{found[1]}{found['path']}", token) if found and token else None


@contextmanager
def lent(credential: Credential | None) -> Iterator[tuple[dict[str, str], tuple[int, ...]]]:
    """The environment that makes one git command ask for `credential`, and the open file that it has to inherit.

    For its place git then knows no other helper and adds no header of its configuration: forges refuse a second
    Authorization. A redirect is not followed.
    """
    if credential is None:
        yield {}, ()
        return
    out, into = os.pipe()
    try:
        with os.fdopen(into, "wb") as pipe:
            pipe.write(f"username={USER}\npassword={credential.token}\n".encode())
        yield _settings(credential.place, f'!f() {{ test "$1" != get || cat /dev/fd/{out}; }}; f'), (out,)
    finally:
        os.close(out)


def _settings(place: str, helper: str) -> dict[str, str]:
    """git takes the settings whose URL fits best, and none fits better than the whole; an empty one forgets those
    before it."""
    settings = [
        (f"credential.{place}.helper", ""),
        (f"credential.{place}.helper", helper),
        (f"http.{place}.extraHeader", ""),
        (f"http.{place}.followRedirects", "false"),
    ]
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(given) if re.fullmatch("[0-9]{1,9}", given) else 0
    env = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, first):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return env
