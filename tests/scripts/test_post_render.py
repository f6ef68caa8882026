"""An image that no key of values.yaml can hold: Flux sets its digest, and what Flux makes is judged and shown."""

from pathlib import Path

import pytest

from tests.support.builders import DEPLOYMENT, VALUES, World, git
from tests.support.scripts.everything import everything
from tools.demo.image import push_image

RELEASE = "apps/orders/staging/release.yaml"
USED = '"{{ .Values.image.repository }}@{{ .Values.image.digest }}"'
HOOK = """\
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: pre-upgrade}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: migrate, image: "%s:1.4"}]}}}
"""


@pytest.fixture
def pinned(world: World) -> World:
    """Its chart has the image, by a tag, in a template; the tag is a label, too."""
    repository = world.image().partition("@")[0]
    world.commit(
        {
            "chart/values.yaml": VALUES,
            "chart/templates/deployment.yaml": DEPLOYMENT.replace(USED, f'"{repository}:1.4"'),
            "waybill.toml": (world.checkout / "waybill.toml").read_text() + f'[image]\npost_render = "{repository}"\n',
        }
    )
    return world


def merge(world: World, edit: tuple[str, str] = ("", "")) -> None:
    git(world.reviewed, "fetch", "--quiet", "origin")
    git(world.reviewed, "merge", "--quiet", "--no-edit", "origin/apps/orders")
    file = world.reviewed / RELEASE
    file.write_text(file.read_text().replace(*edit) if edit[0] else file.read_text())
    git(world.reviewed, "commit", "--quiet", "--all", "--allow-empty", "--message", "Reviewed")
    git(world.reviewed, "push", "--quiet", "origin", "HEAD:main")


@pytest.mark.long
def test_values_stay_and_the_pull_request_shows_the_digest(pinned: World) -> None:
    one, two = pinned.image("one"), pinned.image("two")
    waybill = pinned.ship(one)
    tag = waybill["source"]["tag"]
    assert git(pinned.origin, "show", f"{tag}:chart/values.yaml") + "\n" == VALUES
    assert f'waybill/image: "{one}"' in git(pinned.origin, "show", f"{tag}:chart/Chart.yaml")
    assert pinned.ship(one)["source"] == waybill["source"]
    merge(pinned)
    assert pinned.ship(two)["source"]["tag"] != tag
    said = Path(pinned.checkout, ".waybill/orders.md").read_text()
    assert f"-        image: {one}\n+        image: {two}" in said
    assert "Not seen here" not in said


def test_a_schema_that_forbids_what_waybill_writes_is_told_with_the_way_out(world: World) -> None:
    repository = world.image().partition("@")[0]
    toml = (world.checkout / "waybill.toml").read_text()
    world.commit(
        {
            "chart/values.yaml": f"image: {{repository: {repository}, tag: 1.4.2}}\ngreeting: hello\n",
            "chart/values.schema.json": '{"properties": {"image": {"properties": {"tag": {"pattern": "^[0-9.]+$"}}}}}',
            "chart/templates/deployment.yaml": DEPLOYMENT.replace(
                "@{{ .Values.image.digest }}", ":{{ .Values.image.tag }}"
            ),
            "waybill.toml": f'{toml}[image]\nrepository = "image.repository"\ntag = "image.tag"\n',
        }
    )
    image, before = world.image(), everything(world)
    for command in ("plan", "ship"):
        ran = world.waybill(command, "--json", "--image", image)
        assert (ran.code, ran.json["fault"]) == (1, "chart")
        assert "/image/tag" in ran.json["refused"]
        assert "`post_render`" in ran.json["remedy"]
    assert {
        path for path, data in everything(world).items() if before.get(path) != data and "/.waybill/" not in path
    } == set()
    world.commit({"waybill.toml": f'{toml}[image]\npost_render = "{repository}"\n'})
    world.ship(image)


def test_a_name_that_the_chart_does_not_render_is_refused(pinned: World) -> None:
    toml = (pinned.checkout / "waybill.toml").read_text()
    pinned.commit({"waybill.toml": toml.replace(pinned.image().partition("@")[0], "ghcr.io/acme/orders")})
    image, before = pinned.image(), everything(pinned)
    for command in ("plan", "ship"):
        ran = pinned.waybill(command, "--json", "--image", image)
        assert ran.code == 1
        assert "exactly as the chart renders the image" in ran.json["remedy"]
    changed = {path for path, data in everything(pinned).items() if before.get(path) != data}
    assert all(path.startswith(str(pinned.checkout)) for path in changed)


def test_an_image_that_the_chart_names_nowhere_is_refused(pinned: World) -> None:
    repository, toml = pinned.image().partition("@")[0], (pinned.checkout / "waybill.toml").read_text()
    other = f"{repository}-other@{push_image(f'{repository}-other', 'another')}"
    pinned.commit({"waybill.toml": f'{toml.partition("[image]")[0]}[image]\npost_render = "example.org/nowhere"\n'})
    ran = pinned.waybill("plan", "--json", "--image", other)
    assert ran.code == 1
    there = f"No container runs {other}, which Flux is to put in the place of example.org/nowhere: the chart renders "
    assert there in ran.json["refused"]
    assert ran.json["remedy"].startswith("Give `post_render` in waybill.toml exactly as")


@pytest.mark.long
def test_a_hook_that_flux_does_not_reach_is_refused(pinned: World) -> None:
    pinned.commit({"chart/templates/job.yaml": HOOK % pinned.image().partition("@")[0]})
    image = pinned.image("two")
    ran = pinned.waybill("plan", "--json", "--image", image, "--flux-version", "2.8")
    assert ran.code == 1
    assert "Job/migrate, container migrate runs" in ran.json["refused"]
    assert "from 2.9 on" in ran.json["remedy"]
    pinned.ship(image)
    merge(pinned, ("  postRenderers:", "  postRenderStrategy: nohooks\n  postRenderers:"))
    ran = pinned.waybill("plan", "--json", "--image", pinned.image("three"))
    assert ran.code == 1
    assert ran.json["refused"].startswith("In staging: ")
    assert "nohooks" in ran.json["remedy"]


@pytest.mark.long
def test_a_post_renderer_that_fails_in_flux_is_refused(pinned: World) -> None:
    pinned.ship(pinned.image())
    patch = "{target: {kind: Deployment}, patch: '[{op: remove, path: /spec/no}]'}"
    bad = f"  postRenderers:\n    - kustomize: {{patches: [{patch}]}}"
    merge(pinned, ("  postRenderers:", bad))
    ran = pinned.waybill("plan", "--json", "--image", pinned.image("two"))
    assert (ran.code, ran.json["fault"]) == (1, "gitops")
    assert "post-renderers of the HelmRelease cannot be applied" in ran.json["refused"]
