"""The file of the waybill between two commands."""

from pathlib import Path

import pytest
from msgspec import UNSET, structs

from scripts.document import chart_of, load, save
from scripts.errors import Refused
from tests.support.builders import World
from tests.support.gitops_repo import waybill
from tests.support.scripts.everything import everything


def test_a_waybill_that_is_absent_unreadable_or_of_another_service_is_refused(world: World, tmp_path: Path) -> None:
    path = tmp_path / "waybill.json"
    assert "There is no waybill at" in world.waybill("package", "--waybill", str(path)).stderr
    path.write_text("{}")
    with pytest.raises(Refused, match="is no waybill"):
        load(path)
    path.unlink()
    world.waybill("bump", "--image", world.image(), "--waybill", str(path))
    path.write_text(path.read_text().replace(': "orders"', ': "shop"'))
    assert "is a waybill of shop, not of orders" in world.waybill("package", "--waybill", str(path)).stderr


@pytest.mark.parametrize("variable", ["WAYBILL_ACTOR", "GITHUB_ACTOR", "WAYBILL_RUN", "CI_PIPELINE_URL"])
def test_a_person_or_a_run_that_no_ledger_files_is_refused_before_anything(world: World, variable: str) -> None:
    image, before = world.image(), everything(world)
    for value in ('Ada "the" Countess', "acme\\ada", "x" * 501, b"\xff".decode(errors="surrogateescape")):
        for command in (("ship", "--image", image), ("promote", "--to", "production", "--version", "0.1.0")):
            ran = world.waybill(*command, "--json", env={"GITHUB_TRIGGERING_ACTOR": "", variable: value})
            assert (ran.code, ran.json["fault"]) == (1, "you")
            assert "no ledger files such a text" in ran.json["refused"]
            assert f"Set {'WAYBILL_ACTOR' if 'ACTOR' in variable else 'WAYBILL_RUN'} to" in ran.json["remedy"]
            assert "regex" not in ran.stdout + ran.stderr
    assert everything(world) == before


def test_a_waybill_that_is_not_right_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "waybill.json"
    save(path, waybill())
    path.write_text(path.read_text().replace('"app_version": "', '"app_version": "\\\\'))
    with pytest.raises(Refused, match=r"The text has a wrong form - at `\$\.chart\.app_version`") as error:
        load(path)
    assert "regex" not in error.value.what


def test_a_waybill_that_names_no_chart_is_refused() -> None:
    with pytest.raises(Refused, match="names no chart version"):
        chart_of(structs.replace(waybill(), chart=UNSET))
