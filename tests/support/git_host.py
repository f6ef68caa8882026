"""A Git host on this machine under any name: real git over real HTTPS and over a real ssh command line.

git reaches it through a proxy that answers for every host itself, so that a test's remotes can have the addresses that
people use (`https://user:password@example.org/...`).
"""

import base64
import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.registry_stand_in import answering, says
from tests.support.token_server import openssl

# What git starts instead of ssh: `ssh [options] host "git-upload-pack '/acme/orders.git'"`.
SSH = """#!/bin/sh
for word; do last=$word; done
cd "$SERVED" && exec sh -c "$(echo "$last" | sed "s#'/*#'#")"
"""


@contextmanager
def git_host(folder: Path, served: Path, name: str, login: str) -> Iterator[dict[str, str]]:
    """Serves the repositories below `served` as those of the host `name`, over HTTPS to `login` (`user:password`)
    alone. Yields the environment in which git finds it."""
    folder.mkdir()
    key, certificate, ssh = folder / "key.pem", folder / "certificate.pem", folder / "ssh"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
            "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")  # fmt: skip
    ssh.write_text(SSH)
    ssh.chmod(0o755)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    expected = f"Basic {base64.b64encode(login.encode()).decode()}"

    def behave(request: BaseHTTPRequestHandler) -> None:
        if request.command == "CONNECT":
            request.send_response(200)
            request.end_headers()
            request.connection = context.wrap_socket(request.connection, server_side=True)
            request.rfile, request.wfile = (
                request.connection.makefile(mode, 0 if "w" in mode else -1) for mode in ("rb", "wb")
            )  # type: ignore[assignment]
        elif request.headers.get("Authorization") != expected:
            says(401, WWW_Authenticate='Basic realm="git"')(request)
        else:
            http_backend(request, served)

    with answering(behave) as address:
        yield {
            "SERVED": str(served),
            "GIT_SSH": str(ssh),
            "GIT_SSL_CAINFO": str(certificate),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.proxy",
            "GIT_CONFIG_VALUE_0": f"http://{address}",
        }


def http_backend(request: BaseHTTPRequestHandler, served: Path) -> None:
    """https://git-scm.com/docs/git-http-backend"""
    where, headers = urlsplit(request.path), request.headers
    done = subprocess.run(
        ["git", "http-backend"],
        input=request.rfile.read(int(headers.get("Content-Length") or 0)),
        env={
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(served),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REMOTE_USER": "somebody",
            "REQUEST_METHOD": request.command,
            "PATH_INFO": where.path,
            "QUERY_STRING": where.query,
            "CONTENT_TYPE": headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
        },
        capture_output=True,
        check=True,
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    status = int(fields.pop("Status", "200").split()[0])
    says(status, body, **fields)(request)
