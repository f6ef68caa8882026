"""Credentials for a registry, from where `helm registry login` and `docker login` keep them.

The files and the helper protocol are Docker's: https://docs.docker.com/reference/cli/docker/login/#credential-stores
"""

import base64
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ..errors import Refused
from .process import run

HUB = "registry-1.docker.io"
HUB_KEY = "https://index.docker.io/v1/"
IDENTITY_TOKEN = "<token>"  # noqa: S105 - the user name with which helpers mark an OAuth2 refresh token


@dataclass(frozen=True)
class Login:
    """What a registry may ask for: user and password, an OAuth2 refresh token, or a token that it takes as it is."""

    user: str = ""
    password: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)


class _Auth(Struct):
    """Of the file, by names in lower case: Go, which helm and docker are written in, ignores case here."""

    auth: str | None = None
    username: str | None = None
    password: str | None = None
    identitytoken: str | None = None
    registrytoken: str | None = None


class _File(Struct, rename={"helpers": "credHelpers", "store": "credsStore"}):
    auths: dict[str, dict[str, Any] | None] | None = None
    helpers: dict[str, str | None] | None = None
    store: str | None = None


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
    """As Go reads it: the first JSON value of the file, whatever follows; null is as good as absent."""
    try:
        value, _ = json.JSONDecoder().raw_decode(path.read_text(encoding="utf-8", errors="replace").lstrip())
        return msgspec.convert({} if value is None else value, _File)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise Refused(
            f"The registry logins in {path} cannot be read: {error}.",
            "Correct the file, or write it again with `helm registry login`.",
            fault="machine",
        ) from error


def _login(file: _File, path: Path, host: str) -> Login | None:
    auths, helpers = file.auths or {}, file.helpers or {}
    keys = [HUB_KEY, "docker.io", host] if host == HUB else [host]
    named = [(helper, key) for key in keys if (helper := helpers.get(key))]
    for helper, key in [*named, *([(file.store, keys[0])] if file.store else [])]:
        if login := _ask(helper, key, path):
            return login
    found = [*(key for key in keys if key in auths), *(key for key in auths if _host(key) == host)]
    return next((login for key in found if (login := _decode(auths[key], path))), None)


def _host(key: str) -> str:
    """The host of a key, which older versions of docker wrote as a URL."""
    return re.sub(r"^(http://)?(https://)?", "", key).partition("/")[0]


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
    if kept.username == IDENTITY_TOKEN:
        return Login(refresh_token=kept.secret)
    return Login(kept.username, kept.secret)


def _decode(entry: dict[str, Any] | None, path: Path) -> Login | None:
    """The login of an entry, none of an empty one; `auth` (base64, in which Go ignores line ends) comes first."""
    try:
        auth = msgspec.convert({key.lower(): value for key, value in (entry or {}).items()}, _Auth)
        user, password = auth.username or "", auth.password or ""
        if auth.auth:
            decoded = base64.b64decode(re.sub(r"[\r\n]", "", auth.auth), validate=True)
            user, colon, password = decoded.decode(errors="surrogateescape").partition(":")
            if not colon:
                raise ValueError
    except (ValueError, msgspec.MsgspecError) as error:
        raise Refused(
            f"{path} holds a login that is not base64 of `user:password`.",
            "Log in again with `helm registry login`.",
            fault="machine",
        ) from error
    login = Login(user, password.rstrip("\0"), auth.identitytoken or "", auth.registrytoken or "")
    return None if login == Login() else login
