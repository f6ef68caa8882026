"""Certificates, a server that shows one, and a proxy in front of it, all on loopback."""

import socket
import ssl
import subprocess
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.support.registry_stand_in import Behaviour, answering


class Authority:
    """Signs certificates; `file` holds its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "authority.pem"
        folder.mkdir(parents=True, exist_ok=True)
        _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "authority.key",
                 "-out", self.file,
                 "-subj", "/CN=authority", "-days", "2", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip

    def certificate(
        self, *names: str, days: int = 2, bits: int = 2048, signed: str = "sha256", use: str = "serverAuth"
    ) -> Path:
        """One file with key and certificate for `names` (`DNS:x`, `IP:x`), `signed` by that digest, for that `use`."""
        pair = self.folder / f"{'-'.join([*names, str(days), str(bits), signed, use]).replace(':', '-')}.pem"
        request, made = pair.with_suffix(".csr"), pair.with_suffix(".crt")
        _openssl("req", "-newkey", f"rsa:{bits}", "-nodes", "-keyout", pair, "-out", request, "-subj", "/CN=tests",
                 "-addext", f"subjectAltName={','.join(names)}", "-addext", f"extendedKeyUsage={use}")  # fmt: skip
        _openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.folder / "authority.key",
                 "-CAcreateserial", "-out", made, "-days", str(days), f"-{signed}",
                 "-copy_extensions", "copy")  # fmt: skip
        with pair.open("a") as file:
            file.write(made.read_text())
        return pair


@contextmanager
def answering_tls(
    behave: Behaviour, certificate: Path, *, newest: ssl.TLSVersion | None = None, clients: Path | None = None
) -> Iterator[int]:
    """The port of a server that answers so behind TLS, no newer than `newest`, and only to `clients` of an
    authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(certificate)
    if newest:
        with warnings.catch_warnings(action="ignore"):
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    with answering(behave, context) as host:
        yield int(host.rpartition(":")[2])


def tunnel(port: int, seen: list[tuple[str, str | None]]) -> Behaviour:
    """A proxy that connects everybody to `port` of this machine, whatever host they name; `seen` gets what they asked
    for, and with which login."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        seen.append((request.path, request.headers.get("Proxy-Authorization")))
        request.send_response(200)
        request.end_headers()
        request.close_connection = True
        with socket.create_connection(("127.0.0.1", port)) as there:
            back = threading.Thread(target=_pump, args=(there, request.connection), daemon=True)
            back.start()
            _pump(request.connection, there)
            back.join()

    return behave


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(2**16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _openssl(*args: str | Path) -> None:
    subprocess.run(["openssl", *args], check=True, capture_output=True)
