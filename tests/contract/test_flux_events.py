"""What render writes into the GitOps repo comes back in an event of Flux, and the ledger knows the release by it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.gitops.tries import told
from service.domain.event import Event, parse
from service.domain.signature import is_signed
from tests.support.gitops_repo import COMMIT, config, render_all, waybill
from tools.demo import flux

# From fluxcd/notification-controller, internal/notifier/forwarder_test.go: key, body and the signature that it expects.
KEY = "7152fed34dd6149a7c75a276c510da27cb6f82b0"
BODY = (
    b'{"involvedObject":{"kind":"GitRepository","namespace":"gitops-system","name":"webapp"},"severity":"info",'
    b'"timestamp":"2022-09-30T06:40:29Z","message":"message","reason":"reason","metadata":{"test":"metadata"},'
    b'"reportingController":"source-controller","reportingInstance":"source-controller-xyz"}'
)
HELM = BODY.replace(b"GitRepository", b"HelmRelease")
REMEDIATE = {"strategy": {"name": "RemediateOnFailure"}, "remediation": {"retries": 2}}
SIGNATURE = "sha256=65b018549b1254e7226d1c08f9567ee45bc9de0fc4e7b1a40253f9a018b08be7"


def built(folder: Path, **settings: Any) -> dict[str, Any]:
    """The HelmRelease of staging as Flux's kustomize-controller builds it from a freshly rendered repo."""
    for name, data in render_all({}, waybill(), config("unused", **settings)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    command = ["kustomize", "build", folder / "apps" / "orders" / "staging"]
    objects = yaml.safe_load_all(subprocess.run(command, capture_output=True, check=True).stdout)
    return next(it for it in objects if it["kind"] == "HelmRelease")


@pytest.mark.parametrize(
    ("source", "more", "digest"),
    [
        ("helm-repository", {"revision": "1.4.2"}, None),
        (
            "oci-repository",
            {"revision": f"1.4.2+{'b' * 12}", "oci-digest": f"sha256:{'b' * 64}"},
            f"sha256:{'b' * 64}",
        ),
    ],
)
def test_an_event_names_the_release_that_was_rendered(
    tmp_path: Path, source: str, more: dict[str, str], digest: str | None
) -> None:
    said = flux.event(built(tmp_path, flux_source=source), "orders", {"app-version": COMMIT[:12], **more})
    release = waybill()
    assert said["metadata"] == {
        "service": "orders",
        "release": "1.4.2",
        "image": str(release.images[0]),
        "commit": COMMIT,
        "tests": "unknown",
        "tries": "unknown",
        "app-version": COMMIT[:12],
        **more,
    }
    event = parse(flux.wire(said))
    assert event is not None
    assert (event.place, event.service, event.chart, event.version, event.oci_digest) == (
        "apps/orders",
        "orders",
        "orders",
        "1.4.2",
        digest,
    )


@pytest.mark.parametrize(
    ("spec", "tests", "ignored", "tries"),
    [
        (None, None, False, None),
        ({}, None, False, None),
        ({"test": {"enable": True}}, 300, False, None),
        ({"test": {"enable": True, "timeout": "1h2m3.5s"}}, 3723, False, None),
        ({"test": {"enable": True, "ignoreFailures": True}}, None, True, None),
        ({"install": REMEDIATE, "upgrade": REMEDIATE}, None, False, (3, 3)),
        ({"upgrade": REMEDIATE}, None, False, (None, 3)),
    ],
)
def test_what_is_told_of_tests_and_tries_is_understood(
    spec: dict[str, Any] | None, tests: int | None, ignored: bool, tries: tuple[int | None, int | None] | None
) -> None:
    event = parse(json.dumps(json.loads(HELM) | {"metadata": told(spec)}).encode())
    assert isinstance(event, Event)
    assert (event.tests, event.tests_ignored, event.tries) == (tests, ignored, tries)


def test_both_sides_sign_as_notification_controller_does() -> None:
    assert flux.wire(json.loads(BODY)) == BODY
    assert flux.sign(BODY, KEY) == SIGNATURE
    assert is_signed((KEY.encode(),), BODY, [SIGNATURE.encode()])
    assert not is_signed((KEY.encode(),), BODY + b"\n", [SIGNATURE.encode()])


def test_the_demo_speaks_in_the_order_and_words_of_the_controller(tmp_path: Path) -> None:
    said = flux.event(built(tmp_path), "orders", {"app-version": "1", "revision": "1.4.2"})
    assert list(said) == list(json.loads(BODY))
    assert flux.wire({"message": "a <b> & c é"}) == rb'{"message":"a \u003cb\u003e \u0026 c ' + "é".encode() + b'"}'
