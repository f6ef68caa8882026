"""The observer reports what a ledger missed, and has no rights but to read HelmReleases, pods and their owners."""

import json
from typing import Any

from tests.support.e2e import images
from tests.support.e2e.fleet import Fleet
from tests.support.e2e.ledger import Ledger
from tests.support.e2e.releaser import Releaser
from tests.support.e2e.scene import HELM, Scene, secret
from tools.cluster.kubernetes import ready
from tools.cluster.waiting import wait_for
from tools.demo.world import run

ALERTS = "/apis/notification.toolkit.fluxcd.io/v1beta3/namespaces/staging/alerts"
NEVER = "0 0 1 1 *"  # once a year: the tests start this observer themselves
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def test_the_observer_reports_a_release_whose_event_was_never_sent(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]
) -> None:
    ledger = scene.ledger("staging")
    scene.cluster.patch(f"{ALERTS}/waybill-releases", {"spec": {"suspend": True}})
    shipped["fourth"] = releaser.ship(images.labelled(scene.image, "fourth"))
    fleet.merge(fleet.proposals()[0]["number"])
    scene.installed("staging", shipped["fourth"])
    said = ledger.wait_until("staging", "the fourth runs", lambda it: it["release"]["version"] == shipped["fourth"])
    assert (said["basis"], said["health"], said["release"]["known"]) == ("snapshot", "healthy", True)


def test_one_snapshot_is_enough_for_a_ledger_that_never_got_an_event(
    scene: Scene, releaser: Releaser, shipped: dict[str, str]
) -> None:
    """Flux sends no events to production's own ledger. It gets a snapshot of an observer in another namespace."""
    told, uninformed = scene.ledger("staging"), scene.ledger("production")
    assert uninformed.get("/environments") == {"items": [], "next": None}
    assert (
        releaser.waybill(
            "record", WAYBILL_LEDGER=uninformed.loopback, WAYBILL_LEDGER_TOKEN=uninformed.token("waybill")
        ).code
        == 0
    )
    scene.cluster.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "watch", "labels": RESTRICTED}},
        secret("watch", "waybill-webhook", {"token": scene.keys["staging"]}),
    )
    alone = {
        "fullnameOverride": "watch",
        "ledger.enabled": False,
        "observer.enabled": True,
        "observer.kind": "CronJob",
        "observer.environment": "staging",
        "observer.schedule": NEVER,
        "observer.ledgerUrl": uninformed.url,
        "observer.namespaces": ["staging"],
        "observer.keySecretName": "waybill-webhook",
    }
    chart = ["waybill", f"{releaser.settings['WAYBILL_REGISTRY']}/waybill", f"--version={shipped['fourth']}"]
    flags = ["--plain-http", "--namespace=watch", *(f"--set-json={key}={json.dumps(it)}" for key, it in alone.items())]
    run(["helm", "install", *chart, *flags], releaser.env | {"KUBECONFIG": str(scene.cluster.kubeconfig)})
    scene.observe("look", "watch", "watch-observer")
    assert present(uninformed.running("staging")) == present(told.running("staging"))


def test_the_next_snapshot_ends_what_was_removed_without_an_event(scene: Scene) -> None:
    uninformed, place = scene.ledger("production"), f"{HELM}/staging/helmreleases/passing"
    whole = scene.helm_release("staging")
    assert whole
    observer = {
        "enabled": True,
        "kind": "CronJob",
        "schedule": NEVER,
        "environment": "staging",
        "ledgerUrl": uninformed.url,
        "keySecretName": "waybill-webhook",
    }
    values = {"ledger": {"enabled": False}, "observer": observer}
    passing = {"metadata": {"namespace": "staging", "name": "passing"}, "spec": whole["spec"] | {"values": values}}
    scene.cluster.apply({key: whole[key] for key in ("apiVersion", "kind")} | passing)
    wait_for("passing to be Ready", lambda: ready(scene.cluster.get(place)), 300)
    scene.observe("look-while", "watch", "watch-observer")
    assert "staging/passing" in places(uninformed)

    scene.cluster.kubectl("delete", "helmrelease", "passing", "-n", "staging")
    scene.observe("look-after", "watch", "watch-observer")
    assert [it["place"] for it in uninformed.get("/environments/staging")["services"] if it["release"]] == [
        "staging/waybill"
    ]
    told = uninformed.get("/environments/staging/arrivals")["items"]
    ended = next(it for it in told if it["place"] == "staging/passing")
    assert (ended["basis"], ended["ended_by"]) == ("absence", "absent")


def test_the_observer_may_read_helmreleases_and_pods_of_its_namespace_and_nothing_else(scene: Scene) -> None:
    def may(verb: str, group: str, resource: str, namespace: str = "staging") -> bool:
        asked = {"namespace": namespace, "verb": verb, "group": group, "resource": resource}
        spec = {"user": "system:serviceaccount:staging:waybill-observer", "resourceAttributes": asked}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        answer = scene.cluster.kubectl("create", "--filename=-", "--output=json", input=json.dumps(review))
        return bool(json.loads(answer)["status"]["allowed"])

    helm = "helm.toolkit.fluxcd.io", "helmreleases"
    assert may("list", *helm)
    assert not may("list", *helm, "production")
    assert not may("patch", *helm)
    assert may("list", "", "pods")
    assert not may("list", "", "pods", "production")
    assert not any(may(verb, "", "secrets") for verb in ("get", "list", "watch"))
    assert not any(may(verb, "", "pods") for verb in ("create", "delete", "patch"))


def places(ledger: Ledger) -> list[str]:
    return [it["place"] for it in ledger.get("/environments/staging")["services"]]


def present(it: dict[str, Any]) -> tuple[Any, ...]:
    release = it["release"]
    return it["place"], it["service"], it["health"], it["attempt"], release["version"], release["image"]
