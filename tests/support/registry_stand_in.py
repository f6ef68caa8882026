"""A server that says what a real registry cannot be made to say."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(behave: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """`127.0.0.1:PORT` of a server that answers every request with `behave`, behind `tls` where it is given."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            with suppress(OSError):  # the client went away: that is what it should do
                super().handle_one_request()

        def do_GET(self) -> None:
            behave(self)

        do_POST = do_PUT = do_HEAD = do_PATCH = do_CONNECT = do_GET  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        # The handshake is each connection's own: one that hangs holds up no other.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.socket.close()
        thread.join()


def says(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """An answer with `status`; underscores in the names of `headers` stand for hyphens."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        if request.command != "HEAD":  # whose answer has no body: it would be read as the next answer's beginning
            request.wfile.write(body)

    return behave


def silence(request: BaseHTTPRequestHandler) -> None:
    """Takes the request and never answers; ends when the client goes away."""
    request.connection.recv(1)


def hangs_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)
    request.close_connection = True


def drips(request: BaseHTTPRequestHandler) -> None:
    """A byte now and then, so that no time-out between two bytes helps."""
    request.send_response(200)
    request.send_header("Content-Length", "100000")
    request.end_headers()
    gone = threading.Event()
    while not gone.wait(0.2):
        request.wfile.write(b" ")


def never_ends(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Connection", "close")
    request.end_headers()
    while True:
        request.wfile.write(bytes(2**20))


def speaks_no_http(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    request.close_connection = True
