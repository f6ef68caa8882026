"""Each form of image keys shipped end to end: what the published chart renders is the image that was given."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.builders import DEPLOYMENT, World, git

HASH = 'image: "{{ .Values.image.repository }}@{{ .Values.image.digest }}"'
FORMS = {
    "a digest that is missing": (
        "",
        "image:\r\n    repository: none\r\n    port: 80\r\ngreeting: hi\r\n",
        HASH,
        'image:\r\n    repository: {repository}\r\n    digest: "{digest}"\r\n    port: 80\r\ngreeting: hi\r\n',
    ),
    "keys with dots, at other places": (
        '[image]\nrepository = ["app.kubernetes.io/name", "image"]\ndigest = "pins.web"\n',
        "app.kubernetes.io/name: {image: none}\npins: {db: x, web: }\ngreeting: hi\n",
        'image: "{{ index .Values "app.kubernetes.io/name" "image" }}@{{ .Values.pins.web }}"',
        'app.kubernetes.io/name: {{image: {repository}}}\npins: {{db: x, web: "{digest}"}}\ngreeting: hi\n',
    ),
    "one reference": (
        '[image]\nreference = "web.image"\n',
        'web: {image: "nginx:1.2", port: 80}\ngreeting: hi\n',
        'image: "{{ .Values.web.image }}"',
        'web: {{image: "{repository}@{digest}", port: 80}}\ngreeting: hi\n',
    ),
    "a reference in a list": (
        '[image]\nreference = "containers.1.image"\n',
        "containers:\n- image: busybox\n- name: web\n  image: nginx # ours\ngreeting: hi\n",
        'image: "{{ (index .Values.containers 1).image }}"',
        "containers:\n- image: busybox\n- name: web\n  image: {repository}@{digest} # ours\ngreeting: hi\n",
    ),
    "repository and tag in a list": (
        '[image]\nrepository = "all.0.repository"\ntag = ["all", 0, "tag"]\n',
        "all: [{repository: none, tag: }]\ngreeting: hi\n",
        'image: "{{ (first .Values.all).repository }}:{{ (first .Values.all).tag }}"',
        'all: [{{repository: {repository}, tag: "{short}@{digest}"}}]\ngreeting: hi\n',
    ),
    "two places, and a tag as a version": (
        'tag_text = "{version}"\n[[image]]\nrepository = "image.repository"\ntag = "image.tag"\n'
        'digest = "image.digest"\n'
        '[[image]]\nreference = "worker.image"\n',
        "image: {repository: none, tag: '', digest: ''}\nworker:\n  image: none\ngreeting: hi\n",
        'image: "{{ .Values.image.repository }}:{{ (semver .Values.image.tag).Minor }}@{{ .Values.image.digest }}"\n'
        '        - name: worker\n          image: {{ .Values.worker.image }}',
        "image: {{repository: {repository}, tag: '0.1.0', digest: '{digest}'}}\n"
        "worker:\n  image: {repository}@{digest}\ngreeting: hi\n",
    ),
    "a registry's own key, and a digest": (
        '[image]\nregistry = "global.registry"\nrepository = "image.name"\ndigest = "image.digest"\n',
        "global: {registry: ~}\nimage:\n  name: none\n  digest: ''\ngreeting: hi\n",
        'image: "{{ .Values.global.registry }}/{{ .Values.image.name }}@{{ .Values.image.digest }}"',
        'global: {{registry: {host}}}\nimage:\n  name: {path}\n  digest: \'{digest}\'\ngreeting: hi\n',
    ),
    "a registry's own key, and a tag": (
        '[image]\nregistry = "image.registry"\nrepository = "image.repository"\ntag = "image.tag"\n',
        "image: {registry: quay.io, repository: none, tag: v1}\ngreeting: hi\n",
        'image: "{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}"',
        'image: {{registry: {host}, repository: {path}, tag: {short}@{digest}}}\ngreeting: hi\n',
    ),
}  # fmt: skip


def rendered_images(world: World, version: str) -> list[str]:
    """The images of the Deployments in the chart as it is published."""
    chart = f"oci://{world.registry}/charts-{world.folder.name}/{world.service}"
    command = ["helm", "template", "x", chart, "--version", version, "--plain-http"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    pods = [item["spec"]["template"]["spec"] for item in yaml.safe_load_all(text) if item["kind"] == "Deployment"]
    return [container["image"] for pod in pods for container in pod["containers"]]


def shipped_again_from_a_fresh_clone(world: World, image: str, name: str) -> str:
    clone = world.folder / name
    git(world.folder, "clone", "--quiet", str(world.origin), str(clone))
    again = world.waybill("ship", "--json", "--image", image, cwd=clone)
    assert again.code == 0, again.stderr
    assert "the version that this commit and image have already" in again.stderr
    return str(again.json["source"]["tag"])


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_image_keys_end_to_end(tmp_path: Path, registry: str, form: str) -> None:
    settings, values, line, expected = FORMS[form]
    template = DEPLOYMENT.replace(HASH, line)
    world = World(tmp_path, registry, values=values, templates={"deployment.yaml": template}, settings=settings)
    image = world.image()
    repository, digest = image.split("@")
    waybill = world.ship(image)
    short = waybill["source"]["commit"][:12]
    committed = subprocess.run(
        ["git", "show", f"{waybill['source']['tag']}:chart/values.yaml"],
        cwd=world.origin,
        capture_output=True,
        check=True,
    ).stdout
    host, path = repository.split("/", 1)
    texts = {"repository": repository, "digest": digest, "short": short, "host": host, "path": path}
    assert committed.decode() == expected.format(**texts)
    found = rendered_images(world, "0.1.0")
    by_tag = f"{repository}:{'1' if len(found) > 1 else short}@{digest}"
    assert found == [by_tag if "tag =" in settings else image, image][: len(found)]
    assert shipped_again_from_a_fresh_clone(world, image, "again") == "orders-0.1.0"


@pytest.mark.long
def test_a_chart_as_helm_create_makes_it_ships_untouched(tmp_path: Path, registry: str) -> None:
    world = World(tmp_path, registry, settings='[image]\nrepository = "image.repository"\ntag = "image.tag"\n')
    shutil.rmtree(world.checkout / "chart")
    subprocess.run(["helm", "create", "orders"], cwd=tmp_path, check=True, capture_output=True)
    shutil.move(tmp_path / "orders", world.checkout / "chart")
    created = world.commit({}, "helm create")
    image = world.image()
    repository, digest = image.split("@")
    waybill = world.ship(image)
    assert rendered_images(world, "0.1.0") == [f"{repository}:{created[:12]}@{digest}"]
    patch = git(world.origin, "diff", "--unified=0", created, waybill["source"]["release_commit"])
    changed = [text for text in patch.splitlines() if text[0] in "+-" and text[:3] not in ("+++", "---")]
    assert changed == [
        '-appVersion: "1.16.0"',
        f'+appVersion: "{created[:12]}"',
        "+annotations:",
        '+  org.opencontainers.image.source: "https://example.org/acme/orders"',
        f'+  org.opencontainers.image.revision: "{created}"',
        f'+  waybill/image: "{image}"',
        "-  repository: nginx",
        f"+  repository: {repository}",
        '-  tag: ""',
        f'+  tag: "{created[:12]}@{digest}"',
    ]
    assert shipped_again_from_a_fresh_clone(world, image, "again") == "orders-0.1.0"


def test_the_default_keys_on_a_helm_create_chart_are_refused_with_the_template_and_the_way_out(world: World) -> None:
    """Its template knows no digest: the key would be added to values.yaml, and the chart would run without it."""
    shutil.rmtree(world.checkout / "chart")
    subprocess.run(["helm", "create", "orders"], cwd=world.folder, check=True, capture_output=True)
    shutil.move(world.folder / "orders", world.checkout / "chart")
    world.commit({}, "helm create")
    ran = world.waybill("ship", "--image", world.image())
    assert ran.code == 1
    assert "orders/templates/deployment.yaml" in ran.stderr
    assert 'set `repository = "image.repository"` and `tag = "..."`' in " ".join(ran.stderr.split())
    assert world.tags() == {}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('[image]\nrepository = "image.repository"\n', "none of the forms"),
        ('[image]\nreference = "web.image"\n', "values.yaml has no web.image"),
        ('[image]\nreference = "image"\n', "it holds a mapping, not a single value"),
        ('[image]\nreference = "image.0"\n', "image holds a mapping, so there is no image.0"),
        ('[image]\nreference = "greeting.image"\n', "greeting holds a single value"),
        ('[image]\nreference = "image.digest"\nregistry = "image.repository"\n', "none of the forms"),
        ('[image]\nrepositry = "a"\ndigest = "b"\n', "Did you mean `repository`?"),
    ],
)
def test_keys_that_fit_no_values_are_refused_before_anything_is_published(
    world: World, settings: str, says: str
) -> None:
    toml = world.checkout / "waybill.toml"
    world.commit({"waybill.toml": toml.read_text() + settings})
    ran = world.waybill("ship", "--image", world.image())
    assert ran.code == 1
    assert says in ran.stderr
    assert world.tags() == {}


def test_a_list_that_no_container_uses_is_refused_as_a_template_would_name_it(tmp_path: Path, registry: str) -> None:
    world = World(
        tmp_path,
        registry,
        values="containers: [{image: none}]\ngreeting: hi\n",
        templates={"web.yaml": DEPLOYMENT.replace(HASH, "image: nginx:1.2")},
        settings='[image]\nreference = "containers.0.image"\n',
    )
    ran = world.waybill("ship", "--image", world.image())
    said = " ".join(ran.stderr.split())
    assert ran.code == 1
    assert "the chart renders nginx:1.2 (orders/templates/web.yaml)" in said
    assert 'Use (index .Values "containers" 0 "image") in the container\'s template' in said
    assert world.tags() == {}
