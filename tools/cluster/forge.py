"""A real forge: Gitea with SQLite, whose API for pull requests is like GitHub's."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from .component import component
from .parts import FORGE
from .waiting import wait_for

PORT = 3000
START_SECONDS = 60


@dataclass(frozen=True)
class Forge:
    """`url` is its address on this machine; `token` has all rights."""

    url: str
    user: str
    password: str
    token: str

    def call(self, method: str, path: str, body: dict[str, object] | None = None) -> httpx.Response:
        """One request of the API: `call("POST", "/user/repos", {"name": "fleet"})`. Raises for an error."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.request(
            method, f"{self.url}/api/v1{path}", json=body, headers=headers, trust_env=False, timeout=60
        )
        if answer.is_error:
            raise httpx.HTTPStatusError(answer.text, request=answer.request, response=answer)
        return answer


@contextmanager
def serve_forge(folder: Path, logs: Path) -> Iterator[Forge]:
    """Yield a forge with one user and no repository. Its data is in `folder`."""
    folder.mkdir()
    settings = folder / "app.ini"
    settings.write_text(_settings(folder))
    env = os.environ | {"GITEA_WORK_DIR": str(folder), "HOME": str(folder)}
    user, password = "waybill", secrets.token_hex(12)

    def gitea(*arguments: str) -> str:
        command = ["gitea", "--config", str(settings), *arguments]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"gitea {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    gitea("migrate")
    who = ["--username", user, "--password", password, "--email", "waybill@example.org"]
    gitea("admin", "user", "create", "--admin", "--must-change-password=false", *who)
    token = gitea("admin", "user", "generate-access-token", "--username", user, "--scopes", "all", "--raw").split()[-1]
    forge = Forge(f"http://127.0.0.1:{PORT}", user, password, token)
    for is_last in (False, False, True):
        with component(["gitea", "--config", str(settings), "web"], logs, env):
            if not _has_started(forge, must=is_last):
                continue
            yield forge
            return


def _has_started(forge: Forge, *, must: bool) -> bool:
    """Gitea takes 3 seconds. Once in some hundred starts it said nothing for 4 minutes after it had opened its
    database; why is not known. `must`: raises RuntimeError."""
    try:
        return wait_for("the forge", lambda: _answers(forge), START_SECONDS)
    except RuntimeError:
        if must:
            raise
        return False


def _answers(forge: Forge) -> bool:
    try:
        return httpx.get(f"{forge.url}/api/v1/version", trust_env=False, timeout=10).is_success
    except httpx.HTTPError:
        return False


def _settings(folder: Path) -> str:
    return f"""\
; It runs in namespaces of its own, so that even as root it changes nothing outside.
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
RUN_USER = root
[server]
HTTP_ADDR = 0.0.0.0
HTTP_PORT = {PORT}
ROOT_URL = http://127.0.0.1:{PORT}/
STATIC_ROOT_PATH = {FORGE}
OFFLINE_MODE = true
DISABLE_SSH = true
[database]
DB_TYPE = sqlite3
PATH = {folder}/gitea.db
[repository]
ROOT = {folder}/repositories
DEFAULT_BRANCH = main
[security]
INSTALL_LOCK = true
SECRET_KEY = {secrets.token_hex(32)}
INTERNAL_TOKEN = {secrets.token_hex(32)}
[service]
DISABLE_REGISTRATION = true
[log]
LEVEL = Warn
"""
