"""Registries that refuse referrers, rewrite what they are given, or answer out of order: refused with the cause, and
what is half published the next run completes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.builders import Ran, World, git
from tests.support.registry_proxy import Answered, Ask, Asked, Meddle, meddling
from tests.support.scripts.gitless import gitless, log, ref, tagged
from tests.support.scripts.signing import complaint, private, public
from tools.demo.image import crane

pytestmark = pytest.mark.long

INVALID = Answered(400, {"Content-Type": "application/json"}, b'{"errors": [{"code": "MANIFEST_INVALID"}]}')
BROKEN = Answered(500, {}, b"")


def honest(it: Asked, ask: Ask) -> Answered:
    return ask(it)


def is_manifest(it: Asked, *methods: str, of: str = "") -> bool:
    return it.method in methods and "/manifests/" in it.path and of in it.path


def refuses_referrers(it: Asked, ask: Ask) -> Answered:
    return INVALID if is_manifest(it, "PUT") and b'"subject"' in it.body else ask(it)


def lists_no_referrers(it: Asked, ask: Ask) -> Answered:
    """It has the API, and what was pushed is not there."""
    index = b'{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}'
    if "/referrers/" in it.path:
        return Answered(200, {"Content-Type": "application/vnd.oci.image.index.v1+json"}, index)
    return ask(it)


def rewrites_media_types(it: Asked, ask: Ask) -> Answered:
    """As a registry that keeps images of Docker alone."""
    if is_manifest(it, "PUT", of="orders/staging"):
        return ask(it._replace(body=it.body.replace(b"vnd.cncf.flux.config", b"vnd.docker.config")))
    return ask(it)


def takes_and_forgets(it: Asked, ask: Ask) -> Answered:
    if is_manifest(it, "PUT", of="orders/staging"):
        return Answered(201, {}, b"")
    return ask(it)


def breaks_at_the_tag(it: Asked, ask: Ask) -> Answered:
    return BROKEN if is_manifest(it, "PUT", of="/staging/manifests/staging") else ask(it)


def keeps_the_tag(it: Asked, ask: Ask) -> Answered:
    """It says that it moved, and it did not."""
    return Answered(201, {}, b"") if is_manifest(it, "PUT", of="/staging/manifests/staging") else ask(it)


class Late:
    """For a while it answers what a tag named before."""

    def __init__(self, times: int) -> None:
        self._left, self._old = times, dict[str, Answered]()

    def __call__(self, it: Asked, ask: Ask) -> Answered:
        if is_manifest(it, "GET", "HEAD", of="/staging/manifests/staging"):
            now = ask(it)
            self._old.setdefault(it.path, now)
            if self._old[it.path].body != now.body and self._left:
                self._left -= 1
                return self._old[it.path]
            return now
        return ask(it)


class Moody:
    def __init__(self) -> None:
        self.meddle: Meddle = honest

    def __call__(self, it: Asked, ask: Ask) -> Answered:
        return self.meddle(it, ask)


@pytest.fixture
def moody() -> Moody:
    return Moody()


@pytest.fixture
def world(tmp_path: Path, registry: str, moody: Moody) -> Iterator[World]:
    with meddling(registry, moody) as host:
        found = gitless(tmp_path, host)
        file = found.checkout / "waybill.toml"  # the chart's registry is an honest one
        found.commit({"waybill.toml": file.read_text().replace(f"oci://{host}/charts", f"oci://{registry}/charts")})
        yield found


@pytest.fixture
def env() -> dict[str, str]:
    return {"WAYBILL_SIGN": "key", "WAYBILL_SIGNING_KEY": private()}


def completed(world: World, image: str, env: dict[str, str], folder: Path) -> None:
    """What the next run leaves, once the registry is an honest one."""
    shipped = world.ship(image, env=env)
    digest = shipped["artifact"]["digest"]
    assert tagged(world, "0.1.0") == tagged(world, "staging") == digest
    assert len(log(world)) == 1
    file = public(env["WAYBILL_SIGNING_KEY"], folder / "cosign.pub")
    chart = f"{shipped['chart']['repository']}/{shipped['chart']['name']}".removeprefix("oci://")
    assert complaint(file, f"{chart}@{shipped['chart']['digest']}") == ""
    assert complaint(file, f"{shipped['artifact']['repository'].removeprefix('oci://')}@{digest}") == ""
    assert world.ship(image, env=env) == shipped


def refused(ran: Ran, said: str) -> None:
    assert (ran.code, said in ran.stderr, "refused (the registry)" in ran.stderr) == (1, True, True), ran.stderr


@pytest.mark.parametrize(
    ("meddle", "said"),
    [
        (refuses_referrers, "answered 400 (MANIFEST_INVALID)"),
        (lists_no_referrers, "and does not list it"),
        (rewrites_media_types, "answered 400 (DIGEST_INVALID)"),
        (takes_and_forgets, "names nothing right after"),
    ],
)
def test_before_the_release_is_the_environments(
    world: World, moody: Moody, env: dict[str, str], tmp_path: Path, meddle: Meddle, said: str
) -> None:
    image = world.image()
    moody.meddle = meddle
    refused(world.waybill("ship", "--image", image, env=env), said)
    assert git(world.origin, "for-each-ref", ref()) == ""
    refused(world.waybill("ship", "--image", image, env=env), said)
    moody.meddle = honest
    completed(world, image, env, tmp_path)


@pytest.mark.parametrize(
    ("meddle", "said"),
    [(breaks_at_the_tag, "answered 500"), (keeps_the_tag, "does not name sha256:")],
)
def test_after_the_release_is_the_environments(
    world: World, moody: Moody, env: dict[str, str], tmp_path: Path, meddle: Meddle, said: str
) -> None:
    image = world.image()
    moody.meddle = meddle
    refused(world.waybill("ship", "--image", image, env=env), said)
    assert len(log(world)) == 1
    moody.meddle = honest
    completed(world, image, env, tmp_path)


@pytest.mark.parametrize("meddle", [lambda: Late(3)])
def test_one_that_answers_late_is_waited_for(world: World, moody: Moody, meddle: Callable[[], Meddle]) -> None:
    world.ship(world.image())
    moody.meddle = meddle()
    world.commit({"README.md": "more"})
    world.ship(world.image())
    moody.meddle = honest
    assert tagged(world, "staging") == tagged(world, "0.1.1")
    assert json.loads(
        crane("manifest", "--insecure", f"{world.registry}/manifests-{world.folder.name}/orders/staging:staging")
    )
