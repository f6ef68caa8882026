"""A script's variable without a value is no value: `rollback orders "$VERSION"` would else do something else."""

import pytest

from tests.support.builders import World
from tests.support.scripts.everything import everything


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("'[VERSION]'", ("rollback", "orders", "", "-e", "production", "--reason", "it fails")),
        ("'[VERSION]'", ("where", "orders", "")),
        ("'--at'", ("status", "--at", "")),
        ("'--environment' / '-e'", ("wait", "orders", "1.0.0", "-e", "staging", "-e", "")),
        ("'--image'", ("ship", "--image=")),
        ("'--registry'", ("plan", "--registry", "")),
    ],
)
def test_an_empty_value_is_wrong_usage_and_changes_nothing(world: World, name: str, arguments: tuple[str, ...]) -> None:
    before = everything(world)
    ran = world.waybill(*arguments)
    assert ran.code == 2, ran.stderr
    assert f"{name} is empty." in ran.stderr
    assert everything(world) == before
