"""Which release may be promoted, and why another may not."""

from typing import Any

import pytest

from scripts.errors import Refused
from scripts.releases.current import known_commit, running


def row(version: str | None = "1.4.2", place: str = "apps/orders", **more: Any) -> dict[str, Any]:
    release = {"version": version, "known": True, "mismatched": False, "image": "i", "commit": "c", "url": "u"}
    known = {key: more.pop(key) for key in ("known", "mismatched") if key in more}
    return {
        "service": "orders",
        "place": place,
        "health": "healthy",
        "since": "2026-01-02T03:04:05Z",
        "release": release | known if version else None,
        "attempt": None,
        **more,
    }


def answer(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"environment": "staging", "at": "2026-01-02T03:04:05Z", "services": list(rows)}


def test_what_runs_healthy_is_promoted() -> None:
    failed = {"version": "1.5.0", "outcome": "rolled back"}
    other = row("9.0.0", "apps/web", service="web", health="failing")
    assert running(answer(row(attempt=failed), other), "orders", "staging") == "1.4.2"
    assert running(answer(row(), row(place="shop/orders")), "orders", "staging") == "1.4.2"


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        (None, "staging never reported"),
        (answer(), "nothing of it runs there"),
        (answer(row(service="web")), "nothing of it runs there"),
        (answer(row(None)), "nothing runs in apps/orders"),
        (answer(row(None, attempt={"version": "1.5.0"})), "nothing runs in apps/orders, where 1.5.0 failed"),
        (answer(row(None, unmanaged={"version": "1.4.2"})), "the HelmRelease of 1.4.2 in apps/orders is gone"),
        (answer(row(None, contested=[{}, {}])), "2 clusters report as apps/orders"),
        (answer(row(overridden=True)), "not with the images of that release"),
        (answer(row(known=False)), "runs 1.4.2, a release that is not filed"),
        (answer(row(mismatched=True)), "not with the chart that was published"),
        (answer(row(health="failing")), "its health is failing"),
        (answer(row(health="unknown")), "its health is unknown"),
        (answer(row(), row("1.4.1", "shop/orders")), "1.4.1 in shop/orders and 1.4.2 in apps/orders"),
        ({"services": [{"service": "orders"}]}, "cannot be read"),
    ],
)
def test_what_is_unclear_is_refused_with_its_cause(found: dict[str, Any] | None, cause: str) -> None:
    with pytest.raises(Refused) as error:
        running(found, "orders", "staging")
    assert cause in error.value.what


class Answering:
    """A ledger of which only what runs is asked."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.environment = lambda name: answer(*rows)


@pytest.mark.parametrize(
    ("rows", "known"),
    [
        ([row()], ("1.4.2", "c")),
        ([row(health="failing"), row(place="shop/orders")], ("1.4.2", "c")),
        ([row(), row("1.4.1", "shop/orders")], None),
        ([row(), row(None, "shop/orders")], None),
        ([row(mismatched=True)], None),
        ([row(running_certain=False)], None),
        ([row(health="unknown", health_cause="silent")], None),
        ([], None),
    ],
)
def test_the_commit_that_runs_is_known_only_where_it_is_certain(
    rows: list[dict[str, Any]], known: tuple[str, str] | None
) -> None:
    assert known_commit(Answering(*rows), "orders", "staging") == known  # type: ignore[arg-type]
