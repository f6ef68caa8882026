"""`waybill-service observe` against a real ledger, and a stand-in for the Kubernetes API.

The stand-in serves HelmRelease lists over plain HTTP, in pages, as the API does; the real one, over TLS and with the
pod's own rights, is asked on the real cluster (tests/e2e).
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import certifi
import pytest

from service.observer.cluster import Observer, observe
from service.settings import SettingsError

from ..support.service.replica import replica
from ..support.service.served import KEYS

HISTORY = {
    "chartName": "orders",
    "chartVersion": "1.4.2",
    "firstDeployed": "2026-01-02T03:00:00Z",
    "lastDeployed": "2026-01-02T03:04:05Z",
    "status": "deployed",
    "version": 2,
}
Lists = dict[str, list[dict[str, Any]]]


def helmrelease(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"namespace": "apps", "name": name, "uid": name, "resourceVersion": "7"},
        "spec": {"values": {"password": "not to be sent"}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}], "history": [HISTORY]},
    }


@contextmanager
def kubernetes(lists: Lists) -> Iterator[str]:
    """Yields its address; one object a page; a namespace that `lists` does not have is forbidden."""

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            namespace = url.path.split("/")[5]
            if namespace not in lists or self.headers["Authorization"] != "Bearer account":
                self.send_error(403)
                return
            start = int(parse_qs(url.query).get("continue", ["0"])[0])
            more = str(start + 1) if start + 1 < len(lists[namespace]) else ""
            body = json.dumps({"metadata": {"continue": more}, "items": lists[namespace][start : start + 1]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def observer(ledger: str, api: str, *namespaces: str, key: str = KEYS["staging"][0]) -> Observer:
    return Observer(ledger, "staging", key.encode(), namespaces, api, "account", Path(certifi.where()))


def test_what_runs_is_told_page_by_page_and_what_is_gone_ends(database_url: str, tmp_path: Path) -> None:
    lists: Lists = {"apps": [helmrelease("orders"), helmrelease("billing"), helmrelease("mail")]}
    with replica(database_url, tmp_path / "log") as ledger, kubernetes(lists) as api, ledger.http() as http:
        assert list(observe(observer(ledger.url, api, "apps"))) == []
        services = http.get("/environments/staging").json()["services"]
        assert [(it["place"], it["release"]["version"], it["basis"]) for it in services] == [
            (f"apps/{name}", "1.4.2", "late") for name in ("billing", "mail", "orders")
        ]
        lists["apps"].pop()
        assert list(observe(observer(ledger.url, api, "apps"))) == []
        [gone] = [it for it in http.get("/environments/staging/history").json()["items"] if it["until"]]
        assert (gone["place"], gone["basis"], gone["ended_by"]) == ("apps/mail", "inferred", "absent")


def test_a_namespace_that_may_not_be_read_is_said_and_ends_nothing(database_url: str, tmp_path: Path) -> None:
    lists: Lists = {"apps": [helmrelease("orders")], "web": []}
    with replica(database_url, tmp_path / "log") as ledger, kubernetes(lists) as api, ledger.http() as http:
        assert list(observe(observer(ledger.url, api, "apps"))) == []
        del lists["apps"]
        [said] = observe(observer(ledger.url, api, "apps", "web"))
        assert said.startswith("apps: ")
        assert said.endswith("answered 403")
        assert len(http.get("/environments/staging").json()["services"]) == 1


def test_a_ledger_that_refuses_is_said(tmp_path: Path) -> None:
    with (
        replica(f"sqlite:///{tmp_path}/ledger.db", tmp_path / "log") as ledger,
        kubernetes({"apps": []}) as api,
    ):
        [said] = observe(observer(ledger.url, api, "apps", key="another key of the environment"))
        assert said.endswith("/hooks/flux/staging/snapshot answered 401")


def test_it_refuses_to_start_half_configured(tmp_path: Path) -> None:
    given = {"LEDGER_URL": "http://ledger", "ENVIRONMENT": "staging", "FLUX_KEY": "k" * 16}
    with pytest.raises(SettingsError, match="all needed"):
        Observer.from_environment({**given, "FLUX_KEY": ""}, tmp_path)
    with pytest.raises(SettingsError, match="runs in a pod"):
        Observer.from_environment(given, tmp_path)
    (tmp_path / "token").write_text("account")
    (tmp_path / "namespace").write_text("apps")
    in_a_pod = {**given, "KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    it = Observer.from_environment(in_a_pod, tmp_path)
    assert (it.namespaces, it.url) == (("apps",), "https://[fd00::1]:6443")
    assert Observer.from_environment({**in_a_pod, "NAMESPACES": "a, b"}, tmp_path).namespaces == ("a", "b")
