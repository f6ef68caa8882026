"""The file of the waybill between two commands."""

from pathlib import Path

import pytest
from msgspec import UNSET, structs

from scripts.document import chart_of, load
from scripts.errors import Refused
from tests.support.builders import World
from tests.support.gitops_repo import waybill


def test_a_waybill_that_is_absent_unreadable_or_of_another_service_is_refused(world: World, tmp_path: Path) -> None:
    path = tmp_path / "waybill.json"
    assert "There is no waybill at" in world.waybill("package", "--waybill", str(path)).stderr
    path.write_text("{}")
    with pytest.raises(Refused, match="is no waybill"):
        load(path)
    path.unlink()
    world.waybill("bump", "--image", world.image(), "--waybill", str(path))
    path.write_text(path.read_text().replace('"service": "orders"', '"service": "shop"'))
    assert "is a waybill of shop, not of orders" in world.waybill("package", "--waybill", str(path)).stderr


def test_a_waybill_that_names_no_chart_is_refused() -> None:
    with pytest.raises(Refused, match="names no chart version"):
        chart_of(structs.replace(waybill(), chart=UNSET))
