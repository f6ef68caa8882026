"""doctor looks at all that ship, wait and the environments need, and changes nothing. That it says what ship would
refuse stands in test_refused_early.py, whose every case it is asked, too."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.builders import World, git, program
from tests.support.registry_stand_in import Behaviour, answering, says
from tests.support.running_ledger import RunningLedger
from tests.support.running_ledger import serving as serving_ledger
from tests.support.scripts.adoption import commit
from tests.support.scripts.everything import everything
from tests.support.scripts.layouts import flux
from tests.support.scripts.stand import Stand

pytestmark = pytest.mark.long

SYNC = {"clusters/staging/flux-system/gotk-sync.yaml": flux("flux-system", "./clusters/staging")}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLedger]:
    with serving_ledger(tmp_path_factory.mktemp("ledger"), "orders", ["staging"]) as it:
        yield it


@pytest.fixture
def stand(world: World, ledger: RunningLedger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with ExitStack() as stack:
        yield Stand(world, ledger, tmp_path_factory.mktemp("elsewhere"), stack)


def doctor(stand: Stand, *args: str, code: int = 0, **env: str) -> list[dict[str, str]]:
    ran = stand.world.waybill("doctor", "--json", *args, env=stand.env | env)
    assert ran.code == code, ran.stdout + ran.stderr
    found: list[dict[str, str]] = ran.json
    return found


def said(found: list[dict[str, str]], state: str) -> str:
    return "\n".join(f"{it['what']} | {it['remedy']}" for it in found if it["state"] == state)


def test_what_is_well_is_said_a_line_each_and_nothing_changes(stand: Stand) -> None:
    before = everything(stand.world)
    ran = stand.world.waybill("doctor", "-e", "staging", env=stand.env)
    assert ran.code == 0, ran.stderr
    assert "ok    the chart renders, with its image at image.repository, image.digest" in ran.stdout
    assert "ok    origin lets this login push; the tag would be orders-0.1.0" in ran.stdout
    assert "ok    staging would run it, by apps/orders/staging/release.yaml" in ran.stdout
    assert ran.stdout.endswith("skip  the clusters, which cannot be seen from here\nNothing stops a release.\n")
    assert everything(stand.world) == before
    for secret in (stand.env["WAYBILL_LEDGER_TOKEN"],):
        assert secret not in ran.stdout + ran.stderr


def test_a_key_that_no_container_uses_stops_a_release(stand: Stand) -> None:
    stand.world.commit({"waybill.toml": text(stand) + '[image]\nreference = "greeting"\n'})
    before = everything(stand.world)
    ran = stand.world.waybill("doctor", env=stand.env)
    assert ran.code == 1
    assert "FAIL  " in ran.stdout
    assert "No container" in ran.stdout
    assert "skip  staging and production: there is no release that could run there" in ran.stdout
    assert ran.stdout.endswith("1 stops a release.\n")
    assert everything(stand.world) == before


def test_a_gitops_repo_that_cannot_be_read_stops_a_release(stand: Stand) -> None:
    """Also where no release can be made that it could hold."""
    wrong = text(stand) + '[image]\nreference = "greeting"\n'
    for settings, gitops, path in (
        (text(stand), "/no/such/repo", "There is no GitOps repo at /no/such/repo"),
        (wrong, "/no/such/repo", "There is no GitOps repo at /no/such/repo"),
        (wrong, str(stand.world.checkout / "chart"), f"git cannot read {stand.world.checkout / 'chart'}"),
    ):
        stand.world.commit({"waybill.toml": settings})
        found = doctor(stand, code=1, WAYBILL_GITOPS=gitops)
        assert path in said(found, "fail")
        assert "stands against a proposal" not in said(found, "ok") or gitops != "/no/such/repo"


def test_an_environment_that_overrides_the_image_stops_a_release_there(stand: Stand) -> None:
    stand.world.ship(stand.image, env={})
    stand.world.merge("apps/orders")
    values = "  values:\n    image:\n      digest: sha256:" + "0" * 64 + "\n"
    path = "apps/orders/staging/release.yaml"
    commit(stand.world, {path: git(stand.world.gitops, "show", f"main:{path}") + "\n" + values})
    assert path in said(doctor(stand, code=1), "fail")


def test_what_the_gitops_repo_does_not_hold_is_not_claimed(stand: Stand) -> None:
    stand.world.ship(stand.image, env={})
    stand.world.merge("apps/orders")
    path = "apps/orders/staging/release.yaml"
    values = "  valuesFrom: [{kind: Secret, name: ours}]\n"
    commit(stand.world, {path: git(stand.world.gitops, "show", f"main:{path}") + "\n" + values})
    assert "not seen here: values from Secret ours" in said(doctor(stand, "-e", "staging"), "skip")


def test_without_settings_the_rest_is_not_looked_at(stand: Stand, tmp_path: Path) -> None:
    (tmp_path / "nowhere").mkdir()
    ran = stand.world.waybill("doctor", "--json", cwd=tmp_path / "nowhere", env=stand.env)
    assert ran.code == 1
    assert "not in the work tree of a git repository" in said(ran.json, "fail")
    assert [it["state"] for it in ran.json] == ["ok"] * 3 + ["fail", "skip"]


@pytest.mark.parametrize(
    ("name", "script", "what"),
    [
        ("helm", "echo v3.19.0", "`helm` on PATH is v3.19.0, and Waybill needs Helm 4.3"),
        ("git", 'test "$1" = version && echo git version 2.34.1 && exit; exit 7', "git version 2.34.1"),
    ],
)
def test_programs_that_are_too_old(stand: Stand, name: str, script: str, what: str) -> None:
    program(stand.world.folder / "old", name, script)
    assert what in said(doctor(stand, code=1, PATH=f"{stand.world.folder / 'old'}:{os.environ['PATH']}"), "fail")


def test_a_program_that_is_missing(stand: Stand) -> None:
    tools = stand.world.folder / "tools"
    tools.mkdir()
    for name in ("git", "helm"):
        place = next(Path(it, name) for it in os.environ["PATH"].split(":") if Path(it, name).exists())
        (tools / name).symlink_to(place)
    found = doctor(stand, PATH=str(tools))
    assert "Neither kustomize nor kubectl is installed" in said(found, "warn")
    assert stand.world.waybill("ship", "--image", stand.image, env={"PATH": str(tools)}).code == 0


def test_the_token_ends_and_the_clock_is_wrong(stand: Stand) -> None:
    token: dict[str, Any] = {"name": "ci", "scopes": ["releases:write"], "service": "orders", "accepts": [1, 2]}
    nothing = says(404, b'{"status": 404}', Content_Type="application/problem+json")

    def behave(request: BaseHTTPRequestHandler) -> None:
        now = datetime.now(UTC)
        told = token | {
            "expires_at": (now + timedelta(days=6, hours=1)).isoformat(),
            "now": (now - timedelta(minutes=10)).isoformat(),
        }
        (says(200, json.dumps(told).encode()) if request.path == "/caller" else nothing)(request)

    stand.env["WAYBILL_LEDGER"] = f"http://{stand.answering(behave)}"
    warned = said(doctor(stand), "warn")
    assert "the ledger's token ends in 6 days | `waybill-service token create --scope releases:write" in warned
    assert "the ledger's clock is 60" in warned
    assert "s behind this machine's" in warned


@pytest.mark.parametrize(
    ("theirs", "warned"),
    [
        ([("dev", ["dev"]), ("staging", ["staging"]), ("production", ["production"])], ""),
        ([], ""),
        (
            [("production", ["production"]), ("staging", ["staging"])],
            "the ledger orders or groups the environments otherwise: production, staging | Let `environments`",
        ),
        ([("all", ["staging", "production"])], "otherwise: all = staging + production | Let `environments`"),
        (None, None),
    ],
)
def test_the_ledger_has_the_same_order_and_groups(
    stand: Stand, theirs: list[tuple[str, list[str]]] | None, warned: str | None
) -> None:
    token = {"name": "ci", "scopes": ["releases:write"], "service": "orders", "accepts": [1, 2]}
    stages = {"items": [{"name": name, "environments": names} for name, names in theirs or ()]}
    forbidden = says(403, b'{"status": 403}', Content_Type="application/problem+json")
    told = {"/caller": says(200, json.dumps(token).encode())}
    told["/stages"] = forbidden if theirs is None else says(200, json.dumps(stages).encode())
    nothing = says(404, b'{"status": 404}', Content_Type="application/problem+json")

    stand.env["WAYBILL_LEDGER"] = f"http://{stand.answering(lambda it: told.get(it.path, nothing)(it))}"
    found = doctor(stand)
    if warned is None:
        assert "the ledger's order of the environments, which this token may not read" in said(found, "skip")
    elif warned:
        assert warned in said(found, "warn")
    else:
        assert "orders or groups" not in said(found, "warn")


def test_the_webhook_key_is_tried_without_an_event(stand: Stand) -> None:
    key = stand.ledger.keys["staging"]
    before = httpx.get(f"{stand.ledger.url}/environments").json()
    found = doctor(stand, "-e", "staging", WAYBILL_WEBHOOK_KEY=key)
    assert "the ledger has this webhook key of staging" in said(found, "ok")
    wrong = doctor(stand, "-e", "staging", WAYBILL_WEBHOOK_KEY="f" * 40)
    assert "the ledger has another webhook key of staging, or none" in said(wrong, "warn")
    assert "whether the ledger has the webhook key of staging and production" in said(doctor(stand), "skip")
    down = doctor(stand, "-e", "staging", WAYBILL_WEBHOOK_KEY=key, WAYBILL_LEDGER="http://127.0.0.1:9")
    assert "127.0.0.1:9" in said(down, "warn")
    assert httpx.get(f"{stand.ledger.url}/environments").json() == before
    assert key not in json.dumps([found, wrong])


def test_whether_the_ledger_hears_of_it(stand: Stand) -> None:
    commit(stand.world, SYNC)
    nothing = said(doctor(stand, "-e", "staging"), "warn")
    assert "nothing in the GitOps repo reports staging to the ledger" in nothing
    assert "`waybill connect staging` proposes what is missing" in nothing
    kept = ["--secrets", str(stand.world.folder / "secrets.yaml")]
    made = stand.world.waybill("connect", "staging", "--namespace", "other", *kept, env=stand.env)
    assert made.code == 0, made.stderr
    stand.world.merge("connect/staging")
    assert "no Alert reports the HelmReleases in apps of staging | `waybill connect" in said(
        doctor(stand, "-e", "staging"), "warn"
    )
    assert stand.world.waybill("connect", "staging", "--namespace", "apps", env=stand.env).code == 0
    stand.world.merge("connect/staging")
    found = doctor(stand, "-e", "staging")
    assert "whether staging has the namespace apps, which the GitOps repo does not make" in said(found, "skip")
    assert f"staging reports the HelmReleases in apps to {stand.ledger.url}/hooks/flux/staging" in said(found, "ok")


def test_a_provider_that_does_not_sign(stand: Stand) -> None:
    theirs = {
        "clusters/staging/theirs.yaml": "apiVersion: notification.toolkit.fluxcd.io/v1beta3\nkind: Provider\n"
        "metadata: {name: theirs, namespace: apps}\n"
        "spec: {type: generic, address: 'https://waybill.example/hooks/flux/staging'}\n"
    }
    commit(stand.world, SYNC | theirs)
    assert "Provider apps/theirs signs no events: it is of type generic" in said(doctor(stand, "-e", "staging"), "warn")


def closed(real: str) -> Behaviour:
    """The real registry, to whom has the login."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        if request.headers.get("Authorization") != "Basic YWRhOnB3":
            says(401, b'{"errors": [{"code": "UNAUTHORIZED"}]}', WWW_Authenticate='Basic realm="r"')(request)
            return
        answer = httpx.request(request.command, f"http://{real}{request.path}")
        kept = {key: value for key, value in answer.headers.items() if key.startswith(("content-type", "location"))}
        says(answer.status_code, answer.content, **kept)(request)

    return behave


def test_who_may_pull(stand: Stand) -> None:
    with answering(closed(stand.world.registry)) as host:
        stand.env["WAYBILL_REGISTRY"] = f"oci://{host}/charts"
        folder = stand.world.folder / "docker"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": "YWRhOnB3"}}}))
        stand.env["DOCKER_CONFIG"] = str(folder)
        values = f"image:\n  repository: {host}/orders\n  digest: ''\ngreeting: hello\n"
        stand.world.commit({"chart/values.yaml": values})
        commit(stand.world, SYNC)
        warned = said(doctor(stand, "-e", "staging"), "warn")
        assert f"{host}/charts/orders is shown to nobody without a login, and its source in staging has no" in warned
        assert (
            f"{host}/orders is shown to nobody without a login, and its pods in staging name no pull secret" in warned
        )
        source = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: orders}\n"
        source += f"spec: {{url: 'oci://{host}/charts', secretRef: {{name: pull}}}}\n"
        commit(stand.world, {"clusters/staging/source.yaml": source})
        path = "chart/templates/deployment.yaml"
        template = (stand.world.checkout / path).read_text()
        pods = "      imagePullSecrets: [{name: pull}]\n      containers:"
        stand.world.commit({path: template.replace("      containers:", pods)})
        found = doctor(stand, "-e", "staging")
        assert "shown to nobody" not in said(found, "warn")
        assert "Flux pulls the chart with a credential of its own in staging" in said(found, "ok")


def text(stand: Stand) -> str:
    return (stand.world.checkout / "waybill.toml").read_text()
