"""A git repository over HTTP, as forges serve it: git's own `http-backend` behind Basic authentication."""

import os
import subprocess
from base64 import b64encode
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit


@dataclass
class GitOverHttp:
    """Serves `repository` below `/acme/fleet.git` to who shows `token`, to everyone where that is "";
    `paths` and `authorizations` are those that came.

    `reads_only`: to push is forbidden (403). `status` answers every request so, with `location` where it is given.
    """

    repository: Path
    token: str
    reads_only: bool = False
    status: int | None = None
    location: str = ""
    authorizations: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    prefix = "/acme/fleet.git/"

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        shown = ", ".join(request.headers.get_all("Authorization") or []) or None
        self.authorizations.append(shown)
        self.paths.append(request.path)
        parts = urlsplit(request.path)
        pushes = "git-receive-pack" in request.path
        if self.status:
            headers = [("Location", f"{self.location}{request.path}")] if self.location else []
            return say(request, self.status, headers, b"")
        if self.token and shown != basic(self.token):
            return say(request, 401, [("WWW-Authenticate", 'Basic realm="forge"')], b"")
        if pushes and self.reads_only:
            return say(request, 403, [], b"")
        # https://www.rfc-editor.org/rfc/rfc3875, https://git-scm.com/docs/git-http-backend
        env = {
            "GIT_PROJECT_ROOT": str(self.repository),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.receivepack",
            "GIT_CONFIG_VALUE_0": "true",
            "PATH_INFO": parts.path.removeprefix(self.prefix.rstrip("/")),
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": request.command,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "bot",
        }
        done = subprocess.run(
            ["git", "http-backend"], env=os.environ | env, input=body, capture_output=True, check=True
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        headers = [(name, value) for name, value in fields if name != "Status"]
        status = next((int(value.split(" ")[0]) for name, value in fields if name == "Status"), 200)
        return say(request, status, headers, content)


def basic(token: str) -> str:
    return f"Basic {b64encode(f'x-access-token:{token}'.encode()).decode()}"


def say(request: BaseHTTPRequestHandler, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    request.send_response(status)
    for name, value in [*headers, ("Content-Length", str(len(body)))]:
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)
