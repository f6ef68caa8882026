"""The order of environments, and their groups."""

import pytest

from service.domain.stages import Stage, arranged, parse_stages

WRITTEN = "dev, staging, production = production-eu + production-us"
PRODUCTION = Stage("production", ("production-eu", "production-us"))


def test_it_is_read_as_it_is_written() -> None:
    assert parse_stages("") == ()
    assert parse_stages(WRITTEN) == (Stage("dev", ("dev",)), Stage("staging", ("staging",)), PRODUCTION)
    assert parse_stages("one=a+two") == (Stage("one", ("a", "two")),)


@pytest.mark.parametrize("text", [",", "dev,", "Dev", "production =", "a = b + b", "a, a", "a = a-b + c, c"])
def test_what_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no name of an environment|is named twice"):
        parse_stages(text)


def test_only_what_reported_is_arranged_and_the_rest_comes_last() -> None:
    found = arranged(parse_stages(WRITTEN), ["qa", "production-us", "dev"])
    assert found == [Stage("dev", ("dev",)), Stage("production", ("production-us",)), Stage("qa", ("qa",))]


def test_an_environment_has_a_short_name_in_its_group() -> None:
    assert [PRODUCTION.label(it) for it in PRODUCTION.environments] == ["eu", "us"]
    assert Stage("production", ("main",)).label("main") == "main"
    assert Stage("production", ("production", "other")).label("production") == "production"
