"""Each step as a command of its own: the waybill as JSON, a step further, and the same as from ship."""

import pytest

from tests.support.builders import World


@pytest.mark.long
def test_every_step_prints_the_waybill_so_far(world: World) -> None:
    image = world.image()
    chart, known = set[str](), set[str]()
    for step, in_chart, beside in (
        ("bump", {"version", "app_version"}, {"images", "source"}),
        ("package", {"archive"}, set()),
        ("publish", {"digest", "repository"}, set()),
        ("propose", set(), {"gitops"}),
        ("record", set(), set()),
    ):
        ran = world.waybill(step, "--json", *(["--image", image] if step == "bump" else []))
        assert ran.code == 0, ran.stderr
        chart, known = chart | in_chart, known | beside
        assert chart <= ran.json["chart"].keys(), step
        assert known <= ran.json.keys(), step
    assert world.ship(image) == ran.json
