"""An ordinary release changes the image and the version labels only, and only the image restarts pods."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.chart.examples import DIGEST
from tests.support.chart.golden import SCENARIOS
from tests.support.chart.render import merged, one, released, render

IMAGE = {"image": {"digest": DIGEST}}
VERSION_LABEL = re.compile(r"/\d+/metadata/labels/(helm\.sh/chart|app\.kubernetes\.io/version)")


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            yield from differences(before.get(key), after.get(key), f"{path}/{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from differences(*pair, f"{path}/{number}")
    elif before != after:
        yield path, before, after


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_an_image_bump_changes_the_image_and_the_version_labels_alone(scenario: Path, tmp_path: Path) -> None:
    values = yaml.safe_load((scenario / "values.yaml").read_text())
    before = render(values, chart=released(tmp_path / "old"))
    after = render(merged(values, IMAGE), chart=released(tmp_path / "new", "1.2.4", "ba9876543210"))
    changed = list(differences(before, after))
    images = [new for path, _, new in changed if path.endswith("/image")]
    labels = [path for path, *_ in changed if VERSION_LABEL.fullmatch(path)]
    assert len(images) >= 3  # migration, ledger, test
    (image,) = set(images)
    assert image.endswith(f"/waybill-ledger/waybill@{DIGEST}")
    assert labels
    assert len(images) + len(labels) == len(changed)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_new_chart_version_alone_restarts_nothing(scenario: Path, tmp_path: Path) -> None:
    """Also not with the `+digest` that Flux adds to the version of a chart from an OCIRepository."""
    values = yaml.safe_load((scenario / "values.yaml").read_text())
    before = render(values, chart=released(tmp_path / "old"))
    after = render(values, chart=released(tmp_path / "new", "1.2.3+0123456789ab", "ba9876543210"))
    older, newer = ([it for it in objects if it["kind"] == "Deployment"] for objects in (before, after))
    assert [it["spec"] for it in older] == [it["spec"] for it in newer]
    assert {it["metadata"]["labels"]["helm.sh/chart"] for it in newer} == {"waybill-1.2.3_0123456789ab"}


def test_a_changed_setting_restarts_the_pods() -> None:
    before, after = one(render(), "Deployment"), one(render({"reads": "token"}), "Deployment")
    assert {path for path, *_ in differences(before, after)} == {
        "/spec/template/metadata/annotations/checksum/settings"
    }


def test_two_renders_are_the_same() -> None:
    assert render() == render()
