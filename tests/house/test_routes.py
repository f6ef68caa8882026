"""No address of the ledger is open by an oversight."""

import pytest
from litestar import Litestar, get

from service.app import create_app
from service.auth.guards import guard
from service.settings import Settings
from tests.support.house.routes import unguarded


def test_every_route_is_guarded_or_marked_public() -> None:
    app = create_app(Settings.from_environment({}))
    assert list(unguarded(app)) == []
    assert len(app.routes) > 15


@pytest.mark.parametrize("marks", [{}, {"public": False}, {"scope": "write"}, {"public": True, "scope": "read"}])
def test_a_route_without_one_clear_mark_is_noticed(marks: dict[str, object]) -> None:
    @get("/open", sync_to_thread=False, **marks)
    def handler() -> None: ...

    assert list(unguarded(Litestar([handler], before_request=guard, openapi_config=None))) == [
        "/open: neither public nor of a scope"
    ]


def test_a_route_that_the_guard_does_not_see_is_noticed() -> None:
    @get("/open", sync_to_thread=False, public=True)
    def handler() -> None: ...

    assert list(unguarded(Litestar([handler], openapi_config=None))) == ["/open: the guard does not see it"]


def test_a_route_that_has_something_of_its_own_in_its_place_is_noticed() -> None:
    @get("/open", sync_to_thread=False, public=True, before_request=lambda _: None)
    def handler() -> None: ...

    app = Litestar([handler], before_request=guard, openapi_config=None)
    assert list(unguarded(app)) == ["/open: the guard does not see it"]
