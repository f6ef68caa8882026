"""Credentials for a registry, from where `helm registry login` and `docker login` keep them.

The files and the helper protocol are Docker's: https://docs.docker.com/reference/cli/docker/login/#credential-stores
"""

import base64
import binascii
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec import Struct

from ..errors import Refused
from .process import run

HUB = "registry-1.docker.io"
HUB_KEY = "https://index.docker.io/v1/"
IDENTITY_TOKEN = "<token>"  # noqa: S105 - the user name with which helpers mark an OAuth2 refresh token


@dataclass(frozen=True)
class Login:
    """`secret` is a password, or an OAuth2 refresh token when `user` is IDENTITY_TOKEN."""

    user: str
    secret: str = field(repr=False)


class _Auth(Struct):
    auth: str = ""
    identitytoken: str = ""


class _File(Struct, rename={"helpers": "credHelpers", "store": "credsStore"}):
    auths: dict[str, _Auth] = {}
    helpers: dict[str, str] = {}
    store: str = ""


class _Kept(Struct, rename="pascal"):
    """What a credential helper answers."""

    username: str
    secret: str


def find(host: str) -> Login | None:
    """The login for `host` (with its port): Helm's own first, then Docker's, as Helm itself looks.

    A file or helper that cannot be read is refused; neither its content nor its answer is repeated.
    """
    logins = (login for path in _files() if (file := _read(path)) and (login := _login(file, path, host)))
    return next(logins, None)


def _files() -> Iterator[Path]:
    env = os.environ.get
    if file := env("HELM_REGISTRY_CONFIG"):
        yield Path(file)
    else:
        yield _helm_home() / "registry/config.json"
    yield Path(env("DOCKER_CONFIG") or "~/.docker").expanduser() / "config.json"


def _helm_home() -> Path:
    """https://helm.sh/docs/helm/helm/ lists the places."""
    if home := os.environ.get("HELM_CONFIG_HOME"):
        return Path(home)
    if home := os.environ.get("XDG_CONFIG_HOME"):
        return Path(home) / "helm"
    return Path("~/Library/Preferences/helm" if sys.platform == "darwin" else "~/.config/helm").expanduser()


def _read(path: Path) -> _File | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise Refused(
            f"The registry logins in {path} cannot be read: {error}.",
            "Correct the file, or write it again with `helm registry login`.",
            fault="machine",
        ) from error


def _login(file: _File, path: Path, host: str) -> Login | None:
    keys = [HUB_KEY, "docker.io", host] if host == HUB else [host, f"https://{host}", f"https://{host}/v2/"]
    named = [(file.helpers[key], key) for key in keys if key in file.helpers]
    for helper, key in [*named, *([(file.store, keys[0])] if file.store else [])]:
        if login := _ask(helper, key, path):
            return login
    for key in keys:
        if (auth := file.auths.get(key)) and (auth.auth or auth.identitytoken):
            return _decode(auth, path)
    return None


def _ask(helper: str, key: str, path: Path) -> Login | None:
    program = f"docker-credential-{helper}"
    if not re.fullmatch(r"[\w.-]+", helper):
        raise Refused(f"{path} names the credential helper {helper!r}.", "Correct the file.", fault="machine")
    answer = run([program, "get"], input=key.encode(), timeout=10, check=False)
    if answer.code != 0 and b"credentials not found" in answer.stdout + answer.stderr:
        return None
    try:
        kept = msgspec.json.decode(answer.stdout, type=_Kept) if answer.code == 0 else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        kept = None
    if kept is None:
        raise Refused(
            f"`{program} get`, which {path} names, gave no login for {key}.",
            "Repair the credential helper, or log in again with `helm registry login`.",
            fault="machine",
        )
    return Login(kept.username, kept.secret)


def _decode(auth: _Auth, path: Path) -> Login:
    if auth.identitytoken:
        return Login(IDENTITY_TOKEN, auth.identitytoken)
    try:
        user, _, password = base64.b64decode(auth.auth, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refused(
            f"{path} holds a login that is not base64.", "Log in again with `helm registry login`.", fault="machine"
        ) from error
    return Login(user, password.rstrip("\0"))
