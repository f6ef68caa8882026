"""A release of three images, one of them at two places: shipped, filed, found by each digest, promoted."""

from pathlib import Path

import pytest

from tests.support.builders import DEPLOYMENT, World, git
from tests.support.running_ledger import RunningLedger, serving
from tests.support.scripts.everything import everything
from tools.demo.image import push_image

pytestmark = pytest.mark.long

MORE = """\
        - {name: sidecar, image: {{ .Values.sidecar.image }}}
        - {name: worker, image: {{ .Values.worker.image }}}
        - {name: cron, image: "{{ .Values.cron.repository }}:{{ .Values.cron.tag }}"}
"""
VALUES = """\
image: {repository: none, digest: ""}
sidecar: {image: none}
worker: {image: none}
cron: {repository: none, tag: none}
greeting: hi
"""
BLOCKS = """\
[[image]]
repository = "image.repository"
digest = "image.digest"
[[image]]
reference = "sidecar.image"
[[image]]
name = "worker"
reference = "worker.image"
[[image]]
name = "cron"
repository = "cron.repository"
tag = "cron.tag"
"""


@pytest.fixture
def several(tmp_path: Path, registry: str) -> World:
    return World(
        tmp_path,
        registry,
        values=VALUES,
        templates={"web.yaml": DEPLOYMENT + MORE},
        settings=BLOCKS,
    )


@pytest.fixture
def ledger(tmp_path: Path) -> RunningLedger:  # type: ignore[misc]
    with serving(tmp_path / "ledger", "orders", ["staging"]) as it:
        yield it


def images(world: World, text: str) -> dict[str, str]:
    """An image for each name, pushed."""
    found = {}
    for name in ("orders", "worker", "cron"):
        repository = f"{world.registry}/{name}-{world.folder.name}"
        found[name] = f"{repository}@{push_image(repository, f'{name} {text}')}"
    return found


def options(given: dict[str, str]) -> list[str]:
    """The service's without a name, and last: their order means nothing."""
    rest = [word for name in ("worker", "cron") for word in ("--image", f"{name}={given[name]}")]
    return [*rest, "--image", given["orders"]]


def test_from_ship_to_each_digest_in_the_ledger(several: World, ledger: RunningLedger) -> None:
    one = images(several, "one")
    ran = several.waybill("ship", "--json", *options(one), env=ledger.env)
    assert ran.code == 0, ran.stderr
    shipped = ran.json
    assert [(it["name"], f"{it['repository']}@{it['digest']}") for it in shipped["images"]] == list(one.items())
    tag, commit = shipped["source"]["tag"], shipped["source"]["commit"]
    (repository, digest), (cron, pinned) = (one[name].split("@") for name in ("orders", "cron"))
    assert git(several.origin, "show", f"{tag}:chart/values.yaml").splitlines() == [
        f'image: {{repository: {repository}, digest: "{digest}"}}',
        f"sidecar: {{image: {one['orders']}}}",
        f"worker: {{image: {one['worker']}}}",
        f"cron: {{repository: {cron}, tag: {commit[:12]}@{pinned}}}",
        "greeting: hi",
    ]
    said = " ".join(f"{name}={image}" for name, image in one.items())
    assert f'waybill/image: "{said}"' in git(several.origin, "show", f"{tag}:chart/Chart.yaml")
    assert said in git(several.gitops, "show", "apps/orders:apps/orders/staging/release.yaml")

    for image in one.values():
        found = ledger.tells(f"/releases?digest={image.partition('@')[2]}")
        assert [it["chart"]["version"] for it in found["items"]] == ["0.1.0"]
    ledger.hears("staging", "0.1.0")
    for image in one.values():
        assert ledger.tells(f"/digests/{image.partition('@')[2]}")

    again = several.waybill("ship", "--json", *options(one), env=ledger.env)
    assert (again.code, again.json["source"]["tag"]) == (0, tag)
    two = {**one, "worker": images(several, "two")["worker"]}
    assert several.waybill("ship", "--json", *options(two), env=ledger.env).json["chart"]["version"] == "0.1.1"
    body = Path(several.checkout, ".waybill/orders.md").read_text()
    assert two["worker"] in body


def test_without_a_ledger_the_tag_tells_all_of_them(several: World) -> None:
    one = images(several, "one")
    assert several.waybill("ship", *options(one)).code == 0
    ran = several.waybill("promote", "--json", "--to", "production", "--version", "0.1.0")
    assert ran.code == 0, ran.stderr
    assert [f"{it['repository']}@{it['digest']}" for it in ran.json["images"]] == [*one.values()]
    assert {it["checked"] for it in ran.json["images"]} == {True}


def test_promote_rollback_and_record_show_all_of_them(several: World, ledger: RunningLedger) -> None:
    """In the file of the environment, the commit, the body, the table, the JSON and the ledger."""
    one, two = images(several, "one"), images(several, "two")
    branch = "promote/orders/production"
    for given in (one, two):
        assert several.waybill("ship", *options(given), env=ledger.env).code == 0
    back = ("rollback", "orders", "0.1.0", "-e", "production", "--reason", "It loses orders.")
    for given, command in ((two, ("promote", "--to", "production", "--version", "0.1.1")), (one, back)):
        planned = several.waybill(*command, "--json", "--dry-run", env=ledger.env)
        assert planned.code == 0, planned.stderr
        ran, told = several.waybill(*command, env=ledger.env), several.waybill(*command, "--json", env=ledger.env)
        assert (ran.code, told.code) == (0, 0), ran.stderr + told.stderr
        body = Path(several.checkout, ".waybill/orders@production.md").read_text()
        written = git(several.gitops, "show", f"{branch}:apps/orders/production/release.yaml")
        message = git(several.gitops, "log", "-1", "--format=%B", branch)
        said = " ".join(f"{name}={image}" for name, image in given.items())
        assert f'event.toolkit.fluxcd.io/image: "{said}"' in written
        assert f"`{said}` |" in body
        for name, image in given.items():
            assert f"{name}={image}" in ran.stdout
            assert f"Image {name}={image}\n" in message
        for document in (planned.json["waybill"], told.json):
            assert {it["name"]: f"{it['repository']}@{it['digest']}" for it in document["images"]} == given
        several.merge(branch)
    with serving(several.folder / "other", "orders", ["production"]) as other:
        for version, given in (("0.1.0", one), ("0.1.1", two)):
            ran = several.waybill("record", "orders", version, env=other.env)
            assert ran.code == 0, ran.stderr
            filed = other.tells(f"/releases/orders/{version}")["images"]
            assert {it["name"]: f"{it['repository']}@{it['digest']}" for it in filed} == given
            assert all(f"{name}={image}" in ran.stdout for name, image in given.items())


def test_images_that_are_missing_unknown_or_in_each_others_place_are_refused(several: World) -> None:
    one = images(several, "one")
    before = everything(several)
    for given, says in (
        (["--image", one["orders"]], "No --image is given for worker and cron"),
        ([*options(one), "--image", f"corn={one['cron']}"], "waybill.toml names no image corn"),
    ):
        for command in ("plan", "ship", "bump"):
            ran = several.waybill(command, "--json", *given)
            assert (ran.code, ran.json["fault"]) == (1, "you")
            assert says in ran.json["refused"]
    assert everything(several) == before
    swapped = f"{one['worker'].partition('@')[0]}@{one['cron'].partition('@')[2]}"
    ran = several.waybill("plan", "--json", *options({**one, "worker": swapped}))
    assert ran.code == 1, ran.stdout  # the registry has no such image


def test_one_key_for_two_images_is_refused(several: World) -> None:
    toml = (several.checkout / "waybill.toml").read_text()
    several.commit({"waybill.toml": toml.replace('"sidecar.image"', '"worker.image"')})
    ran = several.waybill("plan", "--json", *options(images(several, "one")))
    assert ran.code == 1
    assert "wants two texts in worker.image" in ran.json["refused"]
