"""PostgreSQL's certificate is checked with a CA of one's own, as the chart's `caSecretName` sets it up."""

import contextlib
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from tests.support.chart.examples import CONTEXT
from tests.support.chart.render import merged, one, render

from ..support.service.replica import command

SETTINGS = one(
    render(merged(CONTEXT["database.postgresql"], {"database": {"postgresql": {"caSecretName": "ca"}}})), "ConfigMap"
)["data"]


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def authority(folder: Path, name: str) -> Path:
    file = folder / f"{name}.crt"
    new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    openssl(*new, "-keyout", str(folder / f"{name}.key"), "-out", str(file))
    return file


class Server(ThreadingTCPServer):
    """Speaks PostgreSQL's protocol up to the end of the TLS handshake, since the tests' own has no TLS. Its certificate
    is of `ours`, for localhost. `greeted` counts the handshakes that the client finished."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.ours, self.greeted = authority(folder, "ours"), 0
        key, request, signed = (str(folder / f"server.{end}") for end in ("key", "csr", "crt"))
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", request)
        (folder / "names").write_text("subjectAltName=DNS:localhost\n")
        ca = ["-CA", str(self.ours), "-CAkey", str(folder / "ours.key"), "-CAcreateserial", "-days", "2"]
        openssl("x509", "-req", "-in", request, *ca, "-extfile", str(folder / "names"), "-out", signed)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(signed, key)
        super().__init__(("127.0.0.1", 0), Greeting)

    def url(self, host: str) -> str:
        return f"postgresql://ledger@{host}:{self.server_address[1]}/ledger"


class Greeting(BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        self.request.recv(8)  # SSLRequest
        self.request.sendall(b"S")
        with contextlib.suppress(OSError), self.server.context.wrap_socket(self.request, server_side=True) as secure:
            if secure.recv(1):  # in TLS 1.3 a client that refuses the certificate ends here
                self.server.greeted += 1


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("ca")) as found:
        Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def greeted(server: Server, host: str, ca: Path) -> tuple[bool, str]:
    """Whether the ledger goes on after the handshake, and what it says at the end."""
    before = server.greeted
    told = {"PGSSLMODE": SETTINGS["PGSSLMODE"], "PGSSLROOTCERT": str(ca)}
    ran = command(server.url(host), "migrate", DATABASE_POOLER="none", **told)
    assert (ran.code, "Traceback" in ran.stderr) == (1, False), ran.stderr
    return server.greeted > before, ran.stderr


@pytest.mark.long
def test_only_a_server_of_that_authority_and_name_is_believed(server: Server, tmp_path: Path) -> None:
    assert greeted(server, "localhost", server.ours)[0]
    believed, said = greeted(server, "localhost", authority(tmp_path, "another"))
    assert (believed, "certificate verify failed" in said) == (False, True)
    believed, said = greeted(server, "127.0.0.1", server.ours)
    assert (believed, "not valid for '127.0.0.1'" in said) == (False, True)


def test_the_chart_mounts_what_it_names() -> None:
    pods = render(merged(CONTEXT["database.postgresql"], {"database": {"postgresql": {"caSecretName": "ca"}}}))
    spec = one(pods, "Deployment")["spec"]["template"]["spec"]
    (volume,) = [it for it in spec["volumes"] if it["name"] == "ca"]
    (path,) = [it["mountPath"] for it in spec["containers"][0]["volumeMounts"] if it["name"] == "ca"]
    assert f"{path}/{volume['secret']['items'][0]['path']}" == SETTINGS["PGSSLROOTCERT"]
    assert SETTINGS["PGSSLMODE"] == "verify-full"
