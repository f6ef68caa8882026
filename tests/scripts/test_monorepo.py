"""Three services with their waybill.toml in one repository: each is shipped alone."""

import json
from typing import Any

import pytest

from tests.support.builders import CHART, DEPLOYMENT, VALUES, World, git

pytestmark = pytest.mark.long

SERVICES = ("shop", "shop-api", "web")


def add(world: World, service: str) -> None:
    folder = f"services/{service}"
    world.commit(
        {
            f"{folder}/waybill.toml": (world.checkout / "waybill.toml").read_text().replace("acme/orders", "acme/mono"),
            f"{folder}/chart/Chart.yaml": CHART.format(service=service),
            f"{folder}/chart/values.yaml": VALUES,
            f"{folder}/chart/templates/deployment.yaml": DEPLOYMENT,
        }
    )


def ship(world: World, service: str, text: str) -> Any:
    return world.ship(world.image(text), cwd=world.checkout / "services" / service)


def branches(world: World) -> dict[str, str]:
    lines = git(world.gitops, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads/apps").splitlines()
    return dict(line.split(" ") for line in lines)  # type: ignore[misc]


def test_each_is_shipped_alone(world: World) -> None:
    for service in SERVICES:
        add(world, service)
    shipped = {service: ship(world, service, service) for service in SERVICES}
    assert world.tags() == {f"{service}-0.1.0": shipped[service]["source"]["release_commit"] for service in SERVICES}
    assert branches(world) == {f"apps/{service}": shipped[service]["gitops"]["commit"] for service in SERVICES}
    for service in SERVICES:
        commit = shipped[service]["source"]["release_commit"]
        changed = git(world.origin, "diff", "--name-only", f"{commit}^", commit).splitlines()
        assert changed == [f"services/{service}/chart/Chart.yaml", f"services/{service}/chart/values.yaml"]
        proposed = git(world.gitops, "diff", "--name-only", "main", f"apps/{service}").splitlines()
        assert {path.split("/")[-1] if path.startswith("clusters/") else path.split("/")[1] for path in proposed} == {
            service,
            f"{service}.yaml",
        }

    before = world.tags(), branches(world)
    again = ship(world, "shop", "another image")
    assert again["chart"]["version"] == "0.1.1"
    assert world.tags() == before[0] | {"shop-0.1.1": again["source"]["release_commit"]}
    assert branches(world) == before[1] | {"apps/shop": again["gitops"]["commit"]}
    kept = {path.stem: json.loads(path.read_text()) for path in (world.checkout / ".waybill").glob("*.json")}
    assert kept == shipped | {"shop": again}


def test_the_nearest_waybill_toml_upwards_or_a_named_one_says_which(world: World) -> None:
    add(world, "shop")
    image = world.image()
    deep = world.checkout / "services" / "shop" / "chart" / "templates"
    named = ("--config", str(world.checkout / "services" / "shop" / "waybill.toml"))
    for ran in (
        world.waybill("plan", "--json", "--image", image, cwd=deep),
        world.waybill("plan", "--json", "--image", image, *named),
    ):
        assert ran.code == 0, ran.stderr
        assert ran.json["waybill"]["service"] == "shop"
    assert world.waybill("plan", "--json", "--image", image).json["waybill"]["service"] == "orders"
