"""init finds the keys that name the image in charts of many shapes, or says why not; what it finds ships."""

import tomllib

import pytest

from tests.support.builders import World, git
from tests.support.scripts.chart_shapes import SHAPES

pytestmark = pytest.mark.long

CHART = "apiVersion: v2\nname: {service}\nversion: 0.1.0\nappVersion: 1.2.3\n"


def made(folder: World, name: str) -> World:
    shape = SHAPES[name]
    git(folder.checkout, "rm", "-q", "-r", "chart", "waybill.toml")
    folder.commit(
        {
            "chart/Chart.yaml": CHART.format(service=folder.service),
            "chart/values.yaml": shape.values,
            "chart/templates/deployment.yaml": shape.deployment,
            **{f"chart/{path}": text for path, text in shape.more.items()},
        }
    )
    return folder


@pytest.mark.parametrize("name", [name for name, it in SHAPES.items() if it.keys is not None])
def test_the_keys_that_are_found_ship(world: World, name: str) -> None:
    made(world, name)
    registry = f"oci://{world.registry}/charts-{world.folder.name}"
    ran = world.waybill("init", "--json", "--registry", registry)
    assert ran.code == 0, ran.stderr
    text = (world.checkout / "waybill.toml").read_text()
    assert ("images that are not released" in text) == (name == "other images"), text
    written = tomllib.loads(text)
    tables = written["image"]
    assert (tables if isinstance(tables, list) else [tables]) == SHAPES[name].keys
    assert {key: written[key] for key in written if key not in ("image", "registry")} == SHAPES[name].settings
    world.commit({})
    planned = world.waybill("plan", "--json", "--image", world.image())
    assert planned.code == 0, planned.stderr


@pytest.mark.parametrize(
    ("name", "why"),
    [("no image of its own", "renders no container"), ("values that nothing gives", "say who")],
)
def test_where_there_are_none_it_says_why(world: World, name: str, why: str) -> None:
    made(world, name)
    ran = world.waybill("init", "--json")
    assert ran.code == 0, ran.stderr
    assert ran.json["image"] == []
    assert any(why in it for it in ran.json["unknown"]), ran.json
    text = (world.checkout / "waybill.toml").read_text()
    assert tomllib.loads(text) == {}
    assert "# No keys of values.yaml were found that name the image" in text


def test_what_no_key_sets_is_said_to_be_set_by_flux(world: World) -> None:
    made(world, "a tag in a label")
    ran = world.waybill("init")
    assert "found    ghcr.io/acme/orders with post_render, since no key of values.yaml sets it" in ran.stdout
    text = (world.checkout / "waybill.toml").read_text()
    assert "# No key of values.yaml sets ghcr.io/acme/orders, so Flux does, after rendering" in text


def test_other_images_are_named(world: World) -> None:
    made(world, "other images")
    ran = world.waybill("init")
    assert "found    1 more that values.yaml names: add those that you build to waybill.toml" in ran.stdout
    assert "#   docker.io/library/redis" in (world.checkout / "waybill.toml").read_text()
