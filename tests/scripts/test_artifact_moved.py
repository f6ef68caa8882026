"""What people change of an environment that was moved to an artifact: it is said, or followed."""

import json

import pytest

from tests.scripts.test_adopt_artifact import BRANCH, CLUSTER, OVERLAY, changed, documents, env, move, running
from tests.support.builders import World, git
from tests.support.scripts.adoption import commit

__all__ = ["env", "running"]
pytestmark = pytest.mark.long


@pytest.fixture
def moved(running: World, env: dict[str, str]) -> World:
    move(running, env)
    running.merge(BRANCH)
    return running


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  prune: true\n", "  prune: true\n  patches: [{patch: '[]'}]\n", f"what patches in {CLUSTER} changes"),
        ("  interval: 5m\n", "  interval: 5m\n  ignore: '*'\n", f"what ignore in {CLUSTER} changes"),
        ("  interval: 5m\n", "  interval: 5m\n  suspend: true\n", f"OCIRepository orders-staging in {CLUSTER} is"),
        ("  # verify:\n  #   provider: cosign\n", "  verify:\n    provider: cosign\n", f"manifests: {CLUSTER} has"),
        ("waybill/manifests", "other/manifests", f"{OVERLAY} are in OCIRepository orders-staging, which {CLUSTER}"),
    ],
    ids=["patches", "ignore", "suspended", "verified", "unmarked"],
)
def test_what_is_changed_after_the_move_is_said(
    moved: World, env: dict[str, str], old: str, new: str, said: str
) -> None:
    text = git(moved.gitops, "show", f"main:{CLUSTER}")
    assert old in text
    commit(moved, {CLUSTER: text.replace(old, new) + "\n"})
    shipped = moved.ship(moved.image("second"), env=env)
    assert [said in it for it in shipped["not_seen"]] == [True]
    records = [json.loads(it.read_text()) for it in moved.gitops.glob("waybill-proposals/*.json")]
    (body,) = [it["body"] for it in records if (it["branch"], it["state"]) == ("apps/orders", "open")]
    assert said in body


def test_its_source_may_move_to_a_file_of_its_own(moved: World, env: dict[str, str]) -> None:
    first, second = git(moved.gitops, "show", f"main:{CLUSTER}").split("\n---\n")
    sources = "clusters/staging/sources.yaml"
    commit(moved, {CLUSTER: f"{first}\n", sources: f"{second}\n"})
    shipped = moved.ship(moved.image("second"), env=env)
    assert changed(moved, "apps/orders") == [f"{OVERLAY}/release.yaml", sources]
    digest = documents(moved, sources, "apps/orders")[0]["spec"]["ref"]["digest"]
    assert digest == shipped["artifact"]["digest"]
