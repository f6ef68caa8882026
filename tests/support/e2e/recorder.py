"""Keeps every event that notification-controller sends, byte by byte, through Alerts beside those for the ledger."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PORT = 8099


@contextmanager
def recorder(folder: Path) -> Iterator[None]:
    """Write the bodies of the events to `folder`; the file names are number, kind and reason."""
    folder.mkdir(parents=True)
    lock = threading.Lock()

    class Keeps(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said = json.loads(body)
            with lock:
                number = len(list(folder.iterdir()))
                name = f"{number:03}-{said['involvedObject']['kind']}-{said['reason']}"
                (folder / f"{name}.json").write_bytes(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Keeps)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()


def received(folder: Path, namespace: str, reason: str) -> list[bytes]:
    """The events about HelmReleases of `namespace`, in the order in which they came."""
    bodies = [file.read_bytes() for file in sorted(folder.glob(f"*-HelmRelease-{reason}.json"))]
    return [body for body in bodies if json.loads(body)["involvedObject"]["namespace"] == namespace]


def alerts(namespace: str) -> list[dict[str, Any]]:
    api, meta = "notification.toolkit.fluxcd.io/v1beta3", {"name": "recorder", "namespace": namespace}
    sources = [{"kind": kind, "name": "*"} for kind in ("HelmRelease", "HelmChart", "OCIRepository")]
    provider = {"type": "generic", "address": f"http://127.0.0.1:{PORT}/"}
    alert = {"providerRef": {"name": "recorder"}, "eventSeverity": "info", "eventSources": sources}
    return [
        {"apiVersion": api, "kind": "Provider", "metadata": meta, "spec": provider},
        {"apiVersion": api, "kind": "Alert", "metadata": meta, "spec": alert},
    ]
