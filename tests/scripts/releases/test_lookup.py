"""A release that is out, from the ledger or from its tag and the registry."""

import pytest

from scripts.errors import Refused
from scripts.image.reference import parse
from scripts.releases.lookup import from_ledger, proven
from scripts.steps.bump import Choice, bump
from tests.support.builders import World
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
