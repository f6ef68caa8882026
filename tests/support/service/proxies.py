"""Proxies that serve a ledger below a path: nginx and Caddy where they are installed, and one of the standard library
that does the same, so that the tests say something everywhere. Each may take the path off the address, or leave it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx

from .replica import Replica

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CADDY = shutil.which("caddy")


@contextmanager
def small(ledger: Replica, root: str, folder: Path, *, strips: bool) -> Iterator[str]:
    """The address of the ledger behind it."""

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            if not self.path.startswith(f"{root}/"):
                self.send_error(404)
                return
            path = self.path.removeprefix(root) if strips else self.path
            behind = HTTPConnection(ledger.url.removeprefix("http://"))
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            behind.request(self.command, path, body, dict(self.headers))
            answer = behind.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.read())
            behind.close()

        do_GET = do_POST = do  # noqa: N815 - the names that the library calls

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{root}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def nginx(ledger: Replica, root: str, folder: Path, *, strips: bool) -> Iterator[str]:
    assert NGINX
    settings, port = folder / "nginx.conf", _free_port()
    temporary = "".join(f"{it}_temp_path {folder}/{it};" for it in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    settings.write_text(
        f"daemon off; master_process off; pid {folder}/pid; events {{}} http {{ {temporary} access_log off;"
        f" server {{ listen 127.0.0.1:{port};"
        f" location {root}/ {{ proxy_pass {ledger.url}{'/' if strips else ''}; }} }} }}"
    )
    with _running([NGINX, "-c", str(settings), "-p", str(folder), "-e", f"{folder}/error.log"], port):
        yield f"http://127.0.0.1:{port}{root}"


@contextmanager
def caddy(ledger: Replica, root: str, folder: Path, *, strips: bool) -> Iterator[str]:
    assert CADDY
    settings, port = folder / "Caddyfile", _free_port()
    handle = "handle_path" if strips else "handle"
    settings.write_text(
        f"{{\n admin off\n auto_https off\n}}\nhttp://127.0.0.1:{port} {{\n {handle} {root}/* {{\n"
        f"  reverse_proxy {ledger.url}\n }}\n}}\n"
    )
    with _running([CADDY, "run", "--config", str(settings), "--adapter", "caddyfile"], port, HOME=str(folder)):
        yield f"http://127.0.0.1:{port}{root}"


@contextmanager
def _running(command: list[str], port: int, **more: str) -> Iterator[None]:
    process = subprocess.Popen(command, env=os.environ | more, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 10
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
                break
            except httpx.ConnectError:
                assert time.monotonic() < end
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


PROXIES: dict[str, Callable[..., object]] = {"small": small, "nginx": nginx, "caddy": caddy}
