"""`waybill-service observe --once` against a real ledger, and a stand-in for the Kubernetes API."""

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import certifi
import pytest

from service.observer.kubernetes import Kubernetes
from service.observer.program import observe
from service.observer.settings import ObserverSettings
from service.settings import SettingsError

from ..support.builders import TOP
from ..support.service.kubernetes_stand_in import KubernetesStandIn, Lists, kubernetes_stand_in
from ..support.service.replica import replica
from ..support.service.served import KEYS

HISTORY = {
    "chartName": "orders",
    "chartVersion": "1.4.2",
    "configDigest": f"sha256:{'a' * 64}",
    "firstDeployed": "2026-01-02T03:00:00Z",
    "lastDeployed": "2026-01-02T03:04:05Z",
    "ociDigest": f"sha256:{'b' * 64}",
    "status": "deployed",
    "version": 2,
}


READY = {
    "type": "Ready",
    "status": "True",
    "reason": "TestSucceeded",
    "message": "",
    "lastTransitionTime": "2026-01-02T03:04:09Z",
}


def helmrelease(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"namespace": "apps", "name": name, "uid": name, "resourceVersion": "7", "generation": 3},
        "spec": {"values": {"password": "not to be sent"}, "timeout": "1m30s", "test": {"enable": True}},
        "status": {
            "observedGeneration": 3,
            "conditions": [READY, {"type": "Other", "status": "True"}],
            "history": [HISTORY],
        },
    }


def observed(api: KubernetesStandIn, ledger: str, *namespaces: str, key: str = KEYS["staging"][0]) -> list[str]:
    """What was missed, as `observe` says it."""
    settings = ObserverSettings(ledger, "staging", key.encode(), namespaces)
    return asyncio.run(observe(settings, api.kubernetes()))


def test_what_runs_is_reported_page_by_page_and_what_is_gone_ends(database_url: str, tmp_path: Path) -> None:
    lists: Lists = {"apps": [helmrelease("orders"), helmrelease("billing"), helmrelease("mail")]}
    with replica(database_url, tmp_path / "log") as ledger, kubernetes_stand_in(lists) as api, ledger.http() as http:
        assert observed(api, ledger.url) == []
        services = http.get("/environments/staging").json()["services"]
        assert [(it["place"], it["release"]["version"], it["basis"]) for it in services] == [
            (f"apps/{name}", "1.4.2", "snapshot") for name in ("billing", "mail", "orders")
        ]
        lists["apps"].pop()
        assert observed(api, ledger.url) == []
        [gone] = [it for it in http.get("/environments/staging/arrivals").json()["items"] if it["until"]]
        assert (gone["place"], gone["basis"], gone["ended_by"]) == ("apps/mail", "absence", "absent")


def test_what_another_cluster_of_the_environment_lacks_is_not_gone(database_url: str, tmp_path: Path) -> None:
    """Each has a service that the other has not, and both tell the ledger with the same key."""
    eu: Lists = {"apps": [helmrelease("orders"), helmrelease("mail")]}
    us: Lists = {"apps": [helmrelease("billing")]}
    with (
        replica(database_url, tmp_path / "log") as ledger,
        kubernetes_stand_in(eu) as one,
        kubernetes_stand_in(us) as other,
        ledger.http() as http,
    ):
        with (other.account / "ca.crt").open("a") as authorities:
            authorities.write("# of its own\n")

        def told() -> tuple[list[str], list[str]]:
            services = http.get("/environments/staging").json()["services"]
            history = http.get("/history").json()["items"]
            runs = sorted(it["place"] for it in services if it["release"])
            return runs, [f"{it['place']} {it['kind']}" for it in history]

        for _ in range(3):
            assert observed(one, ledger.url) == observed(other, ledger.url) == []
        runs, history = told()
        assert runs == ["apps/billing", "apps/mail", "apps/orders"]
        assert sorted(history) == ["apps/billing arrived", "apps/mail arrived", "apps/orders arrived"]
        eu["apps"].pop()
        assert observed(one, ledger.url) == observed(other, ledger.url) == []
        runs, history = told()
        assert (runs, history[0]) == (["apps/billing", "apps/orders"], "apps/mail unmanaged")


def test_only_what_the_ledger_reads_is_sent() -> None:
    failed = helmrelease("web")
    del failed["status"]
    with kubernetes_stand_in({"apps": [helmrelease("orders"), failed]}) as api:
        assert observed(api, api.url) == []
    [body] = map(json.loads, api.posted)
    kept = ("chartName", "chartVersion", "lastDeployed", "ociDigest", "status", "version")
    orders, web = body.pop("helmreleases")
    cluster = hashlib.sha256(Path(certifi.where()).read_bytes()).hexdigest()[:16]
    ranges = [{"namespace": "apps", "from": "", "until": ""}]
    assert body == {"taken_at": body["taken_at"], "ranges": ranges, "cluster": cluster}
    assert orders == {
        "namespace": "apps",
        "name": "orders",
        "uid": "orders",
        "resourceVersion": "7",
        "generation": 3,
        "observedGeneration": 3,
        "tests": True,
        "testSeconds": 90,
        "conditions": [
            {"type": "Ready", "status": "True", "reason": "TestSucceeded", "since": "2026-01-02T03:04:09Z"},
        ],
        "history": [{name: HISTORY[name] for name in kept}],
        "images": [],
        "imagesUnknown": "/api/v1/namespaces/apps/pods answered 403",
    }
    assert web == {"namespace": "apps", "name": "web", "uid": "web", "resourceVersion": "7", "generation": 3} | {
        "tests": True,
        "testSeconds": 90,
        "conditions": [],
        "images": [],
        "imagesUnknown": "/api/v1/namespaces/apps/pods answered 403",
    }


def test_a_namespace_that_may_not_be_read_is_said_and_ends_nothing(database_url: str, tmp_path: Path) -> None:
    lists: Lists = {"apps": [helmrelease("orders")], "web": []}
    with replica(database_url, tmp_path / "log") as ledger, kubernetes_stand_in(lists) as api, ledger.http() as http:
        assert observed(api, ledger.url, "apps") == []
        del lists["apps"]
        [said] = observed(api, ledger.url, "apps", "web")
        assert said == "/apis/helm.toolkit.fluxcd.io/v2/namespaces/apps/helmreleases answered 403"
        assert len(http.get("/environments/staging").json()["services"]) == 1


@pytest.mark.parametrize("history", ["none", [HISTORY | {"lastDeployed": "yesterday"}]])
def test_what_the_ledger_could_not_read_is_said_and_not_sent(history: Any) -> None:
    unreadable = helmrelease("orders") | {"status": {"history": history}}
    with kubernetes_stand_in({"apps": [unreadable], "web": []}) as api:
        [said] = observed(api, api.url, "apps", "web")
    assert said.startswith("/apis/helm.toolkit.fluxcd.io/v2/namespaces/apps/helmreleases: ValidationError: ")
    assert [json.loads(body)["ranges"][0]["namespace"] for body in api.posted] == ["web"]


def test_a_ledger_that_refuses_is_said(tmp_path: Path) -> None:
    with (
        replica(f"sqlite:///{tmp_path}/ledger.db", tmp_path / "log") as ledger,
        kubernetes_stand_in({"apps": []}) as api,
    ):
        [said] = observed(api, ledger.url, key="another key of the environment")
        assert said.endswith("/hooks/flux/staging/snapshot answered 401")


def test_a_key_that_was_changed_in_its_file_is_used(tmp_path: Path) -> None:
    file = tmp_path / "key"
    given = {"ENVIRONMENT": "staging", "FLUX_KEY_FILE": str(file), "NAMESPACES": "apps"}
    with (
        replica(f"sqlite:///{tmp_path}/ledger.db", tmp_path / "log") as ledger,
        kubernetes_stand_in({"apps": []}) as api,
    ):
        file.write_text("a key of before")
        settings = ObserverSettings.from_environment(given | {"LEDGER_URL": ledger.url})
        assert len(asyncio.run(observe(settings, api.kubernetes()))) == 1
        file.write_text(f"{KEYS['staging'][0]}\n")
        assert asyncio.run(observe(settings, api.kubernetes())) == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LEDGER_URL", "waybill.example", "'waybill.example' is no address"),
        ("ENVIRONMENT", "Staging", "'Staging' is not the name of an environment"),
        ("NAMESPACES", "apps, no/where", "'no/where' is not the name of a namespace"),
        ("CLUSTER", "eu/1", "'eu/1' is not the name of a cluster"),
        ("ROUND_SECONDS", "5", "a round lasts 10 seconds or more, not 5"),
        ("ROUND_SECONDS", "90000", "'90000' is not a number from 0 to 86400"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str, said: str) -> None:
    given = {"LEDGER_URL": "http://ledger", "ENVIRONMENT": "staging", "FLUX_KEY": "k" * 16}
    with pytest.raises(SettingsError, match=f"^{name}: {said}"):
        ObserverSettings.from_environment(given | {name: value})


def test_it_refuses_to_start_half_configured(tmp_path: Path) -> None:
    given = {"LEDGER_URL": "http://ledger/", "ENVIRONMENT": "staging", "FLUX_KEY": "k" * 16, "NAMESPACES": "a, b"}
    settings = ObserverSettings.from_environment(given)
    assert (settings.ledger_url, settings.namespaces) == ("http://ledger", ("a", "b"))
    for missing, said in (("LEDGER_URL", "LEDGER_URL is not set"), ("FLUX_KEY", "neither is FLUX_KEY_FILE")):
        with pytest.raises(SettingsError, match=said):
            ObserverSettings.from_environment({**given, missing: ""})


def test_it_runs_in_a_pod_with_a_service_account(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="run `observe` in a pod"):
        Kubernetes.of_pod({}, tmp_path)
    pod = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    with pytest.raises(SettingsError, match="no ServiceAccount token"):
        Kubernetes.of_pod(pod, tmp_path)
    (tmp_path / "token").write_text("account\n")
    (tmp_path / "namespace").write_text("apps")
    assert Kubernetes.of_pod(pod, tmp_path) == Kubernetes("https://[fd00::1]:6443", tmp_path, "apps")


LOADED = """
import sys
from click.testing import CliRunner
from service.__main__ import main
print(CliRunner().invoke(main, ["observe"]).output, *sys.modules, sep="\\n")
"""


def test_it_loads_no_database_and_no_web_server() -> None:
    ran = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, cwd=TOP, env={})
    said, *loaded = ran.stdout.splitlines()
    assert said == "Error: LEDGER_URL is not set"
    assert "service.observer.program" in loaded
    assert {"piccolo", "asyncpg", "sqlite3", "litestar", "uvicorn"} & set(loaded) == set()
    parts = {name.split(".")[1] for name in loaded if name.startswith("service.")}
    assert parts == {"__main__", "command", "database", "domain", "observer", "settings", "tokens"}
    assert [name for name in loaded if name.startswith("service.database.")] == ["service.database.url"]
