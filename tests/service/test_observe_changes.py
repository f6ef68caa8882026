"""An observer that watches posts what changes, and no more than it looked at; what is away may come back."""

import json
from typing import Any

import pytest

from service.observer import program
from tools.cluster.waiting import wait_for

from ..support.service.kubernetes_objects import helmrelease, pod, replicaset
from ..support.service.kubernetes_stand_in import HELMRELEASES, KubernetesStandIn, Lists, kubernetes_stand_in
from ..support.service.watching import watching

pytestmark = pytest.mark.long

APPS = HELMRELEASES.format("apps")
PODS = "/api/v1/namespaces/apps/pods"
REPLICASETS = "/apis/apps/v1/namespaces/apps/replicasets"


def posted(api: KubernetesStandIn, number: int) -> dict[str, Any]:
    """The body of that number, as soon as it was posted."""
    wait_for(f"body {number}", lambda: len(api.posted) > number, 60, 0.02)
    body: dict[str, Any] = json.loads(api.posted[number])
    return body


def watched(api: KubernetesStandIn, *paths: str) -> None:
    """As soon as each of these is watched."""
    wait_for("its watches", lambda: {path for path, version in api.asked if version} >= set(paths), 60, 0.02)


def names(body: dict[str, Any]) -> list[str]:
    return [it["name"] for it in body["helmreleases"]]


def versions(body: dict[str, Any]) -> list[str]:
    return [it["history"][0]["chartVersion"] for it in body["helmreleases"]]


def test_first_the_whole_is_posted_and_then_what_changes() -> None:
    lists: Lists = {"apps": [helmrelease("mail"), helmrelease("orders")]}
    with kubernetes_stand_in(lists, {PODS: []}) as api, watching(api):
        body = posted(api, 0)
        assert (names(body), body["ranges"]) == (["mail", "orders"], [{"namespace": "apps", "from": "", "until": ""}])
        watched(api, APPS)
        api.change("MODIFIED", APPS, helmrelease("orders", "1.5.0"))
        body = posted(api, 1)
        assert (names(body), versions(body), body["round_seconds"]) == (["orders"], ["1.5.0"], 300)
        assert "ranges" not in body
        api.change("ADDED", APPS, helmrelease("orders-x"))
        assert names(posted(api, 2)) == ["orders-x"]
        api.change("DELETED", APPS, helmrelease("orders"))
        body = posted(api, 3)
        assert (names(body), body["ranges"]) == ([], [{"namespace": "apps", "from": "orders", "until": "orders-"}])


def test_what_changes_within_a_moment_is_one_body_with_its_newest_state() -> None:
    with kubernetes_stand_in({"apps": [helmrelease("mail"), helmrelease("orders")]}, {PODS: []}) as api, watching(api):
        posted(api, 0)
        watched(api, APPS)
        api.quiet = True
        for version in ("1.5.0", "1.6.0"):
            api.change("MODIFIED", APPS, helmrelease("orders", version))
        api.change("MODIFIED", APPS, helmrelease("mail", "2.0.0"))
        api.quiet = False
        body = posted(api, 1)
        assert (names(body), versions(body)) == (["mail", "orders"], ["2.0.0", "1.6.0"])


def test_the_mark_of_every_interval_is_not_posted() -> None:
    """What follows it is, and so is what changes meanwhile once it is gone."""
    with kubernetes_stand_in({"apps": [helmrelease("mail"), helmrelease("orders")]}, {PODS: []}) as api, watching(api):
        posted(api, 0)
        watched(api, APPS)
        api.change("MODIFIED", APPS, helmrelease("orders", marked=True))
        api.change("MODIFIED", APPS, helmrelease("mail", "2.0.0"))
        assert names(posted(api, 1)) == ["mail"]
        api.change("MODIFIED", APPS, helmrelease("orders", ready="Unknown", marked=True))
        assert names(posted(api, 2)) == ["orders"]
        api.change("MODIFIED", APPS, helmrelease("orders"))
        assert names(posted(api, 3)) == ["orders"]


def test_the_images_of_pods_are_told_as_they_change() -> None:
    others: Lists = {PODS: [pod("a", "old", "orders-1")], REPLICASETS: [replicaset("orders-1", "orders")]}
    with kubernetes_stand_in({"apps": [helmrelease("mail"), helmrelease("orders")]}, others) as api, watching(api):
        posted(api, 0)
        watched(api, PODS, REPLICASETS)
        api.change("ADDED", PODS, pod("b", "new", "orders-2"))
        api.change("ADDED", REPLICASETS, replicaset("orders-2", "orders"))
        [it] = posted(api, 1)["helmreleases"]
        assert (it["name"], [each["asked"] for each in it["images"]]) == ("orders", ["new", "old"])
        api.change("DELETED", PODS, pod("a", "old", "orders-1"))
        [it] = posted(api, 2)["helmreleases"]
        assert [each["asked"] for each in it["images"]] == ["new"]


def test_a_watch_that_was_closed_is_continued_where_it_ended() -> None:
    with kubernetes_stand_in({"apps": [helmrelease("orders")]}, {PODS: []}) as api, watching(api):
        posted(api, 0)
        watched(api, APPS)
        api.change("MODIFIED", APPS, helmrelease("orders", "1.5.0"))
        posted(api, 1)
        api.bookmark(APPS)
        api.close_watches()
        wait_for("another watch", lambda: (APPS, "102") in api.asked, 60, 0.02)
        api.change("MODIFIED", APPS, helmrelease("orders", "1.6.0"))
        assert versions(posted(api, 2)) == ["1.6.0"]
        assert api.asked.count((APPS, "")) == 1


def test_all_is_read_anew_where_the_changes_are_not_known_any_more() -> None:
    with kubernetes_stand_in({"apps": [helmrelease("orders")]}, {PODS: []}) as api, watching(api) as said:
        posted(api, 0)
        watched(api, APPS)
        api.oldest = 1000
        api.close_watches()
        api.lists["apps"] = [helmrelease("orders", "1.5.0")]
        body = posted(api, 1)
        assert (versions(body), body["ranges"]) == (["1.5.0"], [{"namespace": "apps", "from": "", "until": ""}])
        api.oldest = 0
        assert any("Expired" in it for it in said)


def test_an_api_server_that_was_away_is_read_anew() -> None:
    with kubernetes_stand_in({"apps": [helmrelease("orders")]}, {PODS: []}) as api, watching(api) as said:
        posted(api, 0)
        watched(api, APPS)
        address = api.url
        api.go_away()
        wait_for("a word of it", lambda: any("ConnectError" in it for it in said), 60, 0.02)
        api.lists["apps"] = [helmrelease("orders", "1.5.0")]
        api.come_back()
        assert (api.url, len(api.posted)) == (address, 1)
        assert versions(posted(api, 1)) == ["1.5.0"]


def test_a_round_posts_the_whole_again() -> None:
    with kubernetes_stand_in({"apps": [helmrelease("orders")]}, {PODS: []}) as api, watching(api, round_seconds=2):
        first, second = posted(api, 0), posted(api, 1)
        assert (first["ranges"], names(first), first["round_seconds"]) == (second["ranges"], names(second), 2)
        assert second["taken_at"] > first["taken_at"]


def test_a_ledger_that_was_away_is_told_what_is_then_and_nothing_else() -> None:
    with (
        kubernetes_stand_in({"apps": [helmrelease("mail"), helmrelease("orders")]}, {PODS: []}) as api,
        watching(api) as said,
    ):
        posted(api, 0)
        watched(api, APPS)
        api.status = 503
        for version in ("1.5.0", "1.6.0"):
            api.change("MODIFIED", APPS, helmrelease("orders", version))
            wait_for(
                "a refusal", lambda: any(it.endswith("/hooks/flux/staging/snapshot answered 503") for it in said), 60
            )
            said.clear()
        api.change("DELETED", APPS, helmrelease("mail"))
        api.status = 200
        assert versions(posted(api, 1)) == ["1.6.0"]
        assert posted(api, 2)["ranges"][0]["from"] == "mail"
        assert len(api.posted) == 3


def test_a_namespace_that_may_not_be_read_is_said_and_tried_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "UNREAD", 1)
    lists: Lists = {"apps": [helmrelease("orders")]}
    with kubernetes_stand_in(lists, {PODS: []}) as api, watching(api, namespaces=("secret", "apps")) as said:
        body = posted(api, 0)
        assert [it["namespace"] for it in body["ranges"]] == ["apps"]
        assert f"{HELMRELEASES.format('secret')} answered 403" in said
        lists["secret"] = []
        wait_for("the namespace", lambda: any(b'"secret"' in it for it in api.posted), 60, 0.02)


def test_a_renewed_token_is_used() -> None:
    with kubernetes_stand_in({"apps": [helmrelease("orders")]}, {PODS: []}) as api, watching(api, round_seconds=2):
        posted(api, 0)
        api.token = "renewed"
        (api.account / "token").write_text("renewed\n")
        posted(api, len(api.posted) + 1)
