"""A rollout under load: a new release replaces the running one while clients read and write."""

from tests.support.e2e.fleet import Fleet
from tests.support.e2e.load import Load
from tests.support.e2e.releaser import Releaser
from tests.support.e2e.scene import Scene
from tools.cluster.waiting import wait_for

REQUESTS = 10_000


def roll_out(scene: Scene, fleet: Fleet, releaser: Releaser, environment: str, image: str) -> tuple[str, str]:
    """Ship `image`, which replaces a ledger of two replicas under load. Returns its version and a summary of the load.

    No request may be lost, and in the ledger's record the new release begins at the moment in which the old one ends.
    """
    ledger = scene.ledger(environment)
    before = ledger.running(environment)["release"]["version"]
    with Load(ledger.host, 80, ledger.token("load"), f"/environments/{environment}") as load:
        version = releaser.ship(image)
        (proposal,) = fleet.proposals()
        fleet.merge(proposal["number"])
        scene.installed(environment, version)
        wait_for(f"{REQUESTS} requests", lambda: load.done >= REQUESTS, 600)
    assert load.lost == []
    assert ledger.filed("load") >= set(load.written)
    for part in (f"| version | `{before}` | `{version}` |", f"`{image}` |", "Deployment/waybill"):
        assert part in proposal["body"], proposal["body"]

    ledger.wait_until(environment, f"{version} runs", lambda it: it["release"]["version"] == version)
    newest, older = ledger.arrivals(environment)[:2]
    assert (newest["release"]["version"], older["release"]["version"]) == (version, before)
    assert (newest["until"], older["until"]) == (None, newest["from"])
    assert [it["release"]["mismatched"] for it in (newest, older)] == [False, False]
    return version, f"{load.done} requests, none lost"
