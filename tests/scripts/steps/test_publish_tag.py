"""The tag is the first thing out: where the remote declines it nothing else is, and the reason is told in its words."""

import pytest

from scripts.errors import Refused
from scripts.steps.package import package
from scripts.steps.publish import Overtaken, look, publish
from tests.support.builders import World, git, program
from tests.support.release import bumped, checkout


@pytest.mark.parametrize("hook", ["pre-receive", "update"])
def test_a_remote_that_takes_no_tag_is_refused_and_nothing_is_pushed(world: World, hook: str) -> None:
    says = r"printf '\n=========\n\033[31mTags are annotated here.\033[0m\n::error::x\n=========\n' >&2; exit 1"
    program(world.origin / "hooks", hook, says)
    made = package(bumped(world, world.image()), checkout(world))
    with pytest.raises(Refused) as error:
        publish(made, checkout(world))
    assert error.value.fault == "repository"
    assert "hook declined; Tags are annotated here; ::error::x" in error.value.what
    assert "or set `annotated_tags`, `commit_author` and `commit_sign` in waybill.toml" in error.value.remedy
    assert "nothing else was pushed" in error.value.remedy
    assert world.tags() == {}
    assert look(made, checkout(world)) is None


def test_a_tag_that_the_remote_cannot_hold_is_no_lost_race(world: World) -> None:
    """A file of that name is in the way: git says `failed to update ref`, as it does to one who comes second."""
    git(world.origin, "tag", "orders-0.1.0/x", "main")
    made = package(bumped(world, world.image()), checkout(world))
    with pytest.raises(Refused, match=r"did not accept refs/tags/orders-0\.1\.0") as error:
        publish(made, checkout(world))
    assert not isinstance(error.value, Overtaken)
    assert look(made, checkout(world)) is None
