"""A Service of the cluster on this machine's loopback address, to which the release tool sends its token over http."""

import shutil
import socket
from functools import cache
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread


class Relayed(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        super().__init__(("127.0.0.1", 0), Connection)


class Connection(StreamRequestHandler):
    server: Relayed

    def handle(self) -> None:
        """Copy both ways until both sides have ended; a target that refuses ends the connection without an answer."""
        try:
            with socket.create_connection(self.server.target, timeout=30) as target, target.makefile("rwb", 0) as there:
                back = Thread(target=self.copy, args=(there, self.connection), daemon=True)
                asking = self.connection.makefile("rb", 0)
                back.start()
                shutil.copyfileobj(asking, there)
                target.shutdown(socket.SHUT_WR)
                back.join()
        except OSError:
            return

    @staticmethod
    def copy(source: socket.SocketIO, target: socket.socket) -> None:
        try:
            while data := source.read(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return


@cache
def relayed(host: str, port: int = 80) -> str:
    """The address on loopback, which lasts as long as the tests."""
    server = Relayed(host, port)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"
