"""A release that is out, from the ledger or from its tag and the registry."""

import msgspec
import pytest
from msgspec import structs

from scripts.errors import Refused
from scripts.image.reference import parse
from scripts.releases.lookup import as_filed, from_ledger, proven
from scripts.steps.bump import Choice, bump
from tests.support.builders import World, git
from tests.support.gitops_repo import waybill
from tests.support.release import checkout


def test_an_answer_of_the_ledger_that_is_no_waybill_is_refused() -> None:
    with pytest.raises(Refused, match="The ledger's waybill cannot be read"):
        from_ledger({"service": 1})


def test_a_ledger_that_answers_in_number_one_is_to_be_deployed_first() -> None:
    with pytest.raises(Refused, match="older than this Waybill") as error:
        from_ledger({"waybill": 1, "service": "orders"})
    assert (error.value.fault, error.value.remedy[:23]) == ("ledger", "Deploy the ledger first")


def test_a_version_that_is_reserved_and_not_published_is_refused(world: World) -> None:
    here = checkout(world)
    release = bump(Choice({"orders": parse(world.image())}), here)
    here.git.create("origin", f"refs/tags/{release.source.tag}", str(release.source.release_commit))
    with pytest.raises(Refused, match=r"0\.1\.0 is reserved by its tag"):
        proven("0.1.0", None, here)


def filed(registry: str) -> dict[str, object]:
    """The ledger's answer for a release whose charts lie in `registry`."""
    release = waybill()
    chart = structs.replace(release.chart, repository=f"oci://{registry}/charts", archive=f"sha256:{'a' * 64}")
    answer: dict[str, object] = msgspec.to_builtins(structs.replace(release, chart=chart))
    return answer


def test_what_the_registry_has_no_more_is_refused(world: World, registry: str) -> None:
    with pytest.raises(Refused, match="names the manifest nothing, and the release was filed with sha256:bbb"):
        as_filed(filed(registry), checkout(world))


def test_a_registry_that_does_not_answer_stops_no_rollback(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    here = checkout(world)
    assert as_filed(filed("127.0.0.1:9"), here).service == "orders"
    assert not here.folder.exists()
    assert "Whether the chart is still there as it was filed is not known" in capsys.readouterr().err


@pytest.mark.long
def test_a_chart_that_moved_after_the_release_is_found_where_it_was(world: World) -> None:
    world.ship(world.image())
    git(world.checkout, "mv", "chart", "deploy")
    world.commit({"waybill.toml": (world.checkout / "waybill.toml").read_text() + 'chart = "deploy"\n'})
    promote = ("promote", "--json", "--to", "production", "--version", "0.1.0")
    ran = world.waybill(*promote)
    assert (ran.code, ran.json["fault"]) == (1, "repository")
    assert "it holds no deploy/Chart.yaml that names this version" in ran.json["refused"]
    assert "`git checkout orders-0.1.0`" in ran.json["remedy"]
    git(world.checkout, "fetch", "--quiet", "--tags")
    git(world.checkout, "checkout", "--quiet", "orders-0.1.0")
    assert world.waybill(*promote).code == 0
