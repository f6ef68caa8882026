"""The chart and the ledger mean the same: commands, settings, addresses and the user of the image."""

import json
import re
from pathlib import Path

from service.__main__ import main
from service.observer.settings import ObserverSettings
from service.settings import FromEnvironment, Settings
from tests.support.chart.golden import SCENARIOS, committed
from tests.support.chart.render import Object, pods

CHECKOUT = Path(__file__).resolve().parents[2]
OBJECTS = [found for scenario in SCENARIOS for found in committed(scenario)]
OF_POSTGRESQL = {"PGSSLMODE", "PGSSLROOTCERT"}  # asyncpg reads them, as libpq does
CONTAINERS = [
    it for _, pod in pods(OBJECTS) for it in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]
]


def settings_maps() -> list[Object]:
    """The ConfigMaps whose keys are variables of a container."""
    read = {
        it["configMapRef"]["name"] for found in CONTAINERS for it in found.get("envFrom", []) if "configMapRef" in it
    }
    return [it for it in OBJECTS if it["kind"] == "ConfigMap" and it["metadata"]["name"] in read]


def names(known: type[FromEnvironment]) -> set[str]:
    """What the settings in `known` are called, and NAME_FILE of those that a file may hold."""
    declared = known.declared()
    return {it.name for it in declared} | {f"{it.name}_FILE" for it in declared if it.file}


def test_every_command_is_one_of_the_image() -> None:
    ran = {it["args"][0] for it in CONTAINERS if "args" in it}
    assert ran == {"migrate", "serve", "observe"}
    assert ran <= set(main.commands)


def test_every_setting_is_one_that_is_read() -> None:
    maps = settings_maps()
    assert maps
    assert {name for found in maps for name in found["data"]} <= names(Settings) | OF_POSTGRESQL
    given = [it["env"] for it in CONTAINERS if "observe" in it.get("args", [])]
    assert given
    for env in given:
        assert {entry["name"] for entry in env} <= names(ObserverSettings)


def test_every_address_is_answered() -> None:
    known = json.loads((CHECKOUT / "service" / "openapi.json").read_text())["paths"]
    asked = {probe["httpGet"]["path"] for it in CONTAINERS for name, probe in it.items() if name.endswith("Probe")}
    asked |= {endpoint["path"] for found in monitors() for endpoint in found["spec"]["endpoints"]}
    asked |= {f"/{it['command'][-1].rpartition('/')[2]}" for it in CONTAINERS if "command" in it}
    assert asked == {"/healthz", "/readyz", "/metrics"}
    assert asked <= set(known)


def monitors() -> list[Object]:
    return [found for found in OBJECTS if found["kind"] == "ServiceMonitor"]


def test_the_pods_run_as_the_user_of_the_image() -> None:
    (user,) = set(re.findall(r"^USER (\d+):\1$", (CHECKOUT / "Containerfile").read_text(), re.MULTILINE))
    chosen = {pod["spec"]["securityContext"].get("runAsUser") for _, pod in pods(OBJECTS)}
    assert chosen == {int(user), None}  # None: the scenario in which the cluster chooses


def test_the_ledger_listens_where_the_service_looks() -> None:
    ports = {port["containerPort"] for it in CONTAINERS for port in it.get("ports", [])}
    assert ports == {int(found["data"]["PORT"]) for found in settings_maps()}
