"""What servers send that are broken, or no servers of this kind."""

import socket
import struct
from http.server import BaseHTTPRequestHandler

from tests.support.registry_stand_in import Behaviour

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def sends(data: bytes, *, reset: bool = False) -> Behaviour:
    """These bytes, then the end of the connection: as TCP ends one, or breaks it off."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers.get("Content-Length") or 0))
        request.wfile.write(data)
        request.close_connection = True
        if reset:
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.connection.close()

    return behave


def whole(body: bytes, *more: bytes) -> bytes:
    """An answer with `body`, whose head begins with the lines `more`."""
    return b"".join([OK, *(line + b"\r\n" for line in more), b"Content-Length: %d\r\n\r\n" % len(body), body])


def chunked(*parts: bytes) -> bytes:
    return OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(parts)
