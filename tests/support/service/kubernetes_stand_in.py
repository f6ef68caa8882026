"""A stand-in for the Kubernetes API: it lists objects over plain HTTP, in small pages, and tells what changes to who
watches, as https://kubernetes.io/docs/reference/using-api/api-concepts/ says. The real one, over TLS and with a pod's
own rights, is asked on the real cluster (tests/e2e)."""

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import certifi

from service.observer.kubernetes import Kubernetes

Lists = dict[str, list[dict[str, Any]]]
HELMRELEASES = "/apis/helm.toolkit.fluxcd.io/v2/namespaces/{}/helmreleases"
FIRST = 100  # the resourceVersion of what was there from the beginning


@dataclass
class KubernetesStandIn:
    """`lists`: the HelmReleases of each namespace; `others`: lists by their path. One that is in neither is forbidden.
    `posted`: the bodies that were posted to it, for a test in which it plays the ledger too, and answers `status`.

    `told`: what changed, as (path, resourceVersion, event); who watches from before `oldest` is told that this is too
    old. `asked`: the path and version of each watch, and the path of each list, with version "".
    """

    lists: Lists
    others: Lists = field(default_factory=dict)
    posted: list[bytes] = field(default_factory=list)
    status: int = 200
    page: int = 1  # objects in a list
    token: str = "account"
    url: str = ""
    account: Path = Path()
    told: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    oldest: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    closings: int = 0
    quiet: bool = False  # who watches is told later
    _server: ThreadingHTTPServer | None = None

    @property
    def version(self) -> int:
        return FIRST + len(self.told)

    def kubernetes(self) -> Kubernetes:
        return Kubernetes(self.url, self.account, "apps")

    def listed(self, path: str) -> list[dict[str, Any]] | None:
        parts = path.split("/")
        return self.lists.get(parts[5]) if path.endswith("/helmreleases") else self.others.get(path)

    def change(self, type: str, path: str, it: dict[str, Any]) -> None:
        """`type`: ADDED, MODIFIED or DELETED, as a watch tells it."""
        listed, name = self.listed(path), it["metadata"]["name"]
        assert listed is not None
        it["metadata"]["resourceVersion"] = str(self.version + 1)
        listed[:] = [each for each in listed if each["metadata"]["name"] != name] + ([it] if type != "DELETED" else [])
        self.tell(path, type, json.loads(json.dumps(it)))

    def tell(self, path: str, type: str, it: dict[str, Any]) -> None:
        self.told.append((path, self.version + 1, {"type": type, "object": it}))

    def bookmark(self, path: str) -> None:
        self.tell(path, "BOOKMARK", {"metadata": {"resourceVersion": str(self.version + 1)}})

    def close_watches(self) -> None:
        self.closings += 1

    def go_away(self) -> None:
        self.close_watches()
        assert self._server
        self._server.shutdown()
        self._server.server_close()

    def come_back(self) -> None:
        """At the same address."""
        handler = type("Playing", (Api,), {"played": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self._server.server_port if self._server else 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()


@contextmanager
def kubernetes_stand_in(lists: Lists, others: Lists | None = None, page: int = 1) -> Iterator[KubernetesStandIn]:
    it = KubernetesStandIn(lists, others if others is not None else {}, page=page)
    with tempfile.TemporaryDirectory() as folder:
        it.account = Path(folder)
        (it.account / "token").write_text(f"{it.token}\n")
        shutil.copy(certifi.where(), it.account / "ca.crt")
        it.come_back()
        try:
            yield it
        finally:
            it.go_away()


class Api(BaseHTTPRequestHandler):
    played: KubernetesStandIn

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        listed, query = self.played.listed(url.path), parse_qs(url.query)
        if listed is None or self.headers["Authorization"] != f"Bearer {self.played.token}":
            self.send_error(403)
        elif "watch" in query:
            self.watch(url.path, int(query["resourceVersion"][0]))
        else:
            self.list(url.path, listed, int(query.get("continue", ["0"])[0]))

    def list(self, path: str, listed: list[dict[str, Any]], start: int) -> None:
        if start == 0:
            self.played.asked.append((path, ""))
        end = start + self.played.page
        more = str(end) if end < len(listed) else ""
        metadata = {"continue": more, "resourceVersion": str(self.played.version)}
        self.answer({"metadata": metadata, "items": listed[start:end]})

    def watch(self, path: str, version: int) -> None:
        it, closings = self.played, self.played.closings
        it.asked.append((path, str(version)))
        self.send_response(200)
        self.end_headers()
        if version < it.oldest:
            self.line({"type": "ERROR", "object": {"code": 410, "reason": "Expired", "message": "too old"}})
            return
        closed = False
        while not closed:
            closed = it.closings != closings
            for each, number, event in [] if it.quiet else it.told[max(0, version - FIRST) :]:
                version = number
                if each == path:
                    self.line(event)
            time.sleep(0.01)

    def line(self, event: dict[str, Any]) -> None:
        self.wfile.write(json.dumps(event).encode() + b"\n")
        self.wfile.flush()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.played.status == 200:
            self.played.posted.append(body)
        self.answer({}, self.played.status)

    def answer(self, content: Any, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        with suppress(OSError):  # who asked has gone
            super().handle()

    def log_message(self, *args: Any) -> None:
        pass
