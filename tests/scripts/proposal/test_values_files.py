"""What values files of the chart say, which an environment's HelmRelease names in place of values.yaml, is judged and
shown as the values of the HelmRelease itself."""

import pytest

from tests.support.builders import World, git

pytestmark = pytest.mark.long

RELEASE = "apps/orders/staging/release.yaml"
OTHER = f"sha256:{'b' * 64}"


@pytest.fixture
def shipped(world: World) -> World:
    """Its first release is merged; its chart holds two values files."""
    world.ship(world.image())
    world.merge("apps/orders")
    other = f"image: {{repository: {world.image().partition('@')[0]}, digest: '{OTHER}'}}\n"
    world.commit({"chart/live.yaml": other, "chart/more/quiet.yaml": "greeting: quiet\n"})
    return world


def name(world: World, text: str) -> None:
    """An environment's HelmRelease names values files."""
    file = world.reviewed / RELEASE
    file.write_text(file.read_text().replace("    spec:\n", f"    spec:\n      {text}\n", 1))
    git(world.reviewed, "commit", "--quiet", "--all", "--message", "Values files")
    git(world.reviewed, "push", "--quiet", "origin", "HEAD:main")


def test_another_image_in_one_is_refused(shipped: World) -> None:
    name(shipped, "valuesFiles: [values.yaml, ./live.yaml]")
    for command in ("plan", "ship"):
        ran = shipped.waybill(command, "--json", "--image", shipped.image("two"))
        assert (ran.code, ran.json["fault"]) == (1, "gitops"), ran.stderr
        assert f"@{OTHER}, while the release is" in ran.json["refused"]
        assert "spec.chart.spec.valuesFiles of HelmRelease orders, values.yaml and ./live.yaml" in ran.json["remedy"]
    assert list(shipped.tags()) == ["orders-0.1.0"]


def test_what_they_change_is_shown(shipped: World) -> None:
    name(shipped, "valuesFiles: [values.yaml, live.yaml, more/quiet.yaml]\n      ignoreMissingValuesFiles: true")
    name(shipped, "")
    text = (shipped.reviewed / RELEASE).read_text()
    (shipped.reviewed / RELEASE).write_text(text.replace("live.yaml", "absent.yaml"))
    name(shipped, "")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    assert ran.code == 0, ran.stderr
    assert "+          value: quiet" in ran.json["difference"]
    assert "not_seen" not in ran.json


def test_without_values_yaml_what_it_alone_has_is_not_seen(shipped: World) -> None:
    name(shipped, "valuesFiles: [more/quiet.yaml]")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    assert ran.json["not_seen"] == ["what only values.yaml of the chart has: its valuesFiles are more/quiet.yaml"]


def test_one_that_the_chart_lacks_leaves_the_environment_unjudged(shipped: World) -> None:
    name(shipped, "valuesFiles: [values.yaml, absent.yaml]")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    told = "HelmRelease orders takes values from absent.yaml, which the chart does not hold."
    assert (ran.code, ran.json["not_judged"]["staging"]) == (0, told)
