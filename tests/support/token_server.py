"""A token server as registries send to, for a real registry that trusts its key. It stands in for a registry's own.

https://distribution.github.io/distribution/spec/auth/jwt/
"""

import base64
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.registry_stand_in import answering, says

ISSUER, SERVICE = "tests", "registry"


class TokenServer:
    """Gives `users` (name -> password, or "" -> refresh token) all that they ask, everybody else the right to pull.

    What begins with `hidden` is given to those alone who ask to push: so registries answer for what does not exist.
    """

    def __init__(self, folder: Path, users: Mapping[str, str], hidden: str) -> None:
        self.users, self.hidden = users, hidden
        self.key, self.certificate = folder / "key.pem", folder / "certificate.pem"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out", self.certificate,
                "-subj", "/CN=tests", "-days", "2")  # fmt: skip

    @contextmanager
    def serve(self) -> Iterator[dict[str, Any]]:
        """Yields the `auth` part of the registry's configuration."""
        with answering(self.behave) as host:
            yield {
                "token": {
                    "realm": f"http://{host}/token",
                    "service": SERVICE,
                    "issuer": ISSUER,
                    "rootcertbundle": str(self.certificate),
                }
            }

    def behave(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        asked = parse_qs(request.rfile.read(length).decode() if length else urlsplit(request.path).query)
        known = self.known(request.headers.get("Authorization", ""), asked)
        if known is False or asked.get("service") != [SERVICE]:
            says(401)(request)
            return
        access = []
        for scope in " ".join(asked.get("scope", [])).split():
            kind, name, actions = scope.split(":")
            asks = actions.split(",")
            allowed = [action for action in asks if known or action == "pull"]
            if name.startswith(self.hidden) and "push" not in allowed:
                allowed = []
            access.append({"type": kind, "name": name, "actions": allowed})
        says(200, json.dumps({"token": self.token(access)}).encode())(request)

    def known(self, authorization: str, asked: Mapping[str, list[str]]) -> bool | None:
        """None for anonymous, False for a wrong login."""
        if token := asked.get("refresh_token"):
            return self.users.get("") == token[0]
        if not authorization:
            return None
        user, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        return bool(user) and self.users.get(user) == password

    def token(self, access: list[dict[str, Any]]) -> str:
        now = int(time.time())
        der = openssl("x509", "-in", self.certificate, "-outform", "DER")
        head = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
        claims = {"iss": ISSUER, "sub": "", "aud": SERVICE, "nbf": now - 10, "iat": now, "exp": now + 300, "jti": "1",
                  "access": access}  # fmt: skip
        text = ".".join(base64url(json.dumps(part).encode()) for part in (head, claims))
        return f"{text}.{base64url(openssl('dgst', '-sha256', '-sign', self.key, input=text.encode()))}"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*args: str | Path, input: bytes | None = None) -> bytes:
    return subprocess.run(["openssl", *args], input=input, check=True, capture_output=True).stdout
