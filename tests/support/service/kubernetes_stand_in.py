"""A stand-in for the Kubernetes API: it serves lists of HelmReleases over plain HTTP, in pages of one object, as the
API does. The real one, over TLS and with a pod's own rights, is asked on the real cluster (tests/e2e)."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Lists = dict[str, list[dict[str, Any]]]


@dataclass
class KubernetesStandIn:
    """`lists`: the objects of each namespace; one that it does not have is forbidden. `posted`: the bodies that were
    posted to it, for a test in which it plays the ledger too."""

    lists: Lists
    others: Lists = field(default_factory=dict)  # by path, as /api/v1/namespaces/apps/pods
    posted: list[bytes] = field(default_factory=list)
    url: str = ""


@contextmanager
def kubernetes_stand_in(lists: Lists, others: Lists | None = None) -> Iterator[KubernetesStandIn]:
    it = KubernetesStandIn(lists, others or {})

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            listed = it.others.get(url.path)
            if url.path.endswith("/helmreleases"):
                listed = lists.get(url.path.split("/")[5])
            if listed is None or self.headers["Authorization"] != "Bearer account":
                self.send_error(403)
                return
            start = int(parse_qs(url.query).get("continue", ["0"])[0])
            more = str(start + 1) if start + 1 < len(listed) else ""
            self.answer({"metadata": {"continue": more}, "items": listed[start : start + 1]})

        def do_POST(self) -> None:
            it.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer({})

        def answer(self, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        it.url = f"http://127.0.0.1:{server.server_port}"
        yield it
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
