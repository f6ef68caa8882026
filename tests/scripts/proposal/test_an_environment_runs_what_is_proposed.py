"""An environment whose own files would run something else than the release is refused, by file and key, and nothing is
out: by plan, ship and promote."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.builders import VALUES, World, git
from tests.support.scripts.everything import everything

pytestmark = pytest.mark.long

OPTIONAL = """\
{{ if .Values.web.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "{{ .Values.image.repository }}@{{ .Values.image.digest }}"}]}
{{ end }}
"""
RELEASE = "apps/orders/staging/release.yaml"


def override(world: World, spec: str, path: str = RELEASE, branch: str = "apps/orders") -> None:
    """Somebody merges the proposal on `branch`, and appends `spec` to a HelmRelease."""
    git(world.reviewed, "fetch", "--quiet", "origin")
    git(world.reviewed, "merge", "--quiet", "--no-edit", f"origin/{branch}")
    file = world.reviewed / path
    file.write_text(file.read_text() + spec)
    git(world.reviewed, "commit", "--quiet", "--all", "--allow-empty", "--message", "An override")
    git(world.reviewed, "push", "--quiet", "origin", "HEAD:main")


def outside(world: World) -> Mapping[str, bytes]:
    """All but what lies in the checkout and what the reviewer has."""
    inside = (str(world.checkout), str(world.reviewed))
    return {path: data for path, data in everything(world).items() if not path.startswith(inside)}


OVERRIDES = {
    "another digest": (f"  values: {{image: {{digest: 'sha256:{'a' * 64}'}}}}\n", "image.digest"),
    "another repository": ("  values: {image: {repository: mirror.example.org/orders}}\n", "image.repository"),
    "a substitution of Flux": ("  values: {image: {digest: '${digest}'}}\n", "image.digest"),
    "the container is off": ("  values: {web: {enabled: false}}\n", "web.enabled"),
    "a post-renderer": (
        "  postRenderers: [{kustomize: {images: [{name: %s, digest: 'sha256:" + "b" * 64 + "'}]}}]\n",
        "postRenderers",
    ),
    "the values of before": ("  upgrade: {preserveValues: true}\n", "preserveValues"),
}


@pytest.fixture
def shipped(world: World) -> World:
    """A chart that an environment can switch off; its first release is proposed."""
    world.commit({"chart/values.yaml": VALUES + "web: {enabled: true}\n", "chart/templates/deployment.yaml": OPTIONAL})
    world.ship(world.image())
    return world


def test_a_list_of_the_base_that_has_no_effect_does_not_hide_the_cause(shipped: World) -> None:
    """The environment's list takes its place."""
    text, _ = OVERRIDES["another digest"]
    override(shipped, f"  postRenderers: []\n{text}")
    override(shipped, "  postRenderers: [null]\n", "apps/orders/base/helmrelease.yaml")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    assert (ran.code, ran.json["fault"]) == (1, "gitops"), ran.stderr
    assert f"{RELEASE}, spec.values.image.digest" in ran.json["remedy"]


@pytest.mark.parametrize("spec", OVERRIDES.values(), ids=OVERRIDES)
def test_an_override_is_refused_and_nothing_is_out(shipped: World, spec: tuple[str, str]) -> None:
    text, key = spec
    image = shipped.image("two")
    override(shipped, text.replace("%s", image.partition("@")[0]))
    before = outside(shipped)
    for command in ("plan", "ship"):
        ran = shipped.waybill(command, "--json", "--image", image)
        assert (ran.code, ran.json["fault"]) == (1, "gitops"), ran.stderr
        assert ran.json["refused"].startswith("In staging: ")
        assert key in ran.json["refused"] + ran.json["remedy"]
        if "." in key:
            assert f"{RELEASE}, spec.values.{key}" in ran.json["remedy"]
    assert outside(shipped) == before


@pytest.mark.parametrize(
    ("what", "installs"), [("version: 0.1.0", "orders 0.1.0"), ("chart: other", "other 0.1.1")], ids=["version", "name"]
)
def test_an_environment_that_installs_another_chart_is_refused(shipped: World, what: str, installs: str) -> None:
    patch = f"{{kind: HelmRelease, metadata: {{name: orders}}, spec: {{chart: {{spec: {{{what}}}}}}}}}"
    more = f"  - {{target: {{kind: HelmRelease}}, patch: '{patch}'}}\n"
    override(shipped, more, "apps/orders/staging/kustomization.yaml")
    image = shipped.image("two")
    before = outside(shipped)
    for command in ("plan", "ship"):
        ran = shipped.waybill(command, "--json", "--image", image, "--allow-override")
        assert (ran.code, ran.json["fault"]) == (1, "gitops"), ran.stderr
        assert f"installs the chart {installs} as kustomize builds it" in ran.json["refused"]
    assert outside(shipped) == before


def test_an_overridden_tag_is_refused(world: World) -> None:
    """The chart is of `helm create`'s kind: repository and tag."""
    world.commit(
        {
            "chart/values.yaml": VALUES.replace('digest: ""', 'tag: ""'),
            "chart/templates/deployment.yaml": OPTIONAL.replace("{{ if .Values.web.enabled }}\n", "")
            .replace("{{ end }}\n", "")
            .replace("@{{ .Values.image.digest }}", ":{{ .Values.image.tag }}"),
            "waybill.toml": (world.checkout / "waybill.toml").read_text()
            + '[image]\nrepository = "image.repository"\ntag = "image.tag"\n',
        }
    )
    world.ship(world.image())
    override(world, "  values: {image: {tag: hotfix-7}}\n")
    before = outside(world)
    for command in ("plan", "ship"):
        ran = world.waybill(command, "--json", "--image", world.image("two"))
        assert ran.code == 1, ran.stdout
        assert "container web runs" in ran.json["refused"]
        assert ":hotfix-7" in ran.json["refused"]
        assert f"{RELEASE}, spec.values.image.tag" in ran.json["remedy"]
    assert {path: data for path, data in outside(world).items() if "images-" not in path} == {
        path: data for path, data in before.items() if "images-" not in path
    }


def test_the_override_may_lie_in_the_base(shipped: World) -> None:
    override(shipped, "  values: {web: {enabled: false}}\n", "apps/orders/base/helmrelease.yaml")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    assert ran.code == 1
    assert "apps/orders/base/helmrelease.yaml, spec.values.web.enabled" in ran.json["remedy"]


OVERLAY = "apps/orders/staging/kustomization.yaml"
OPERATION = "{op: add, path: /spec/values, value: {image: {digest: sha256:%s}}}" % ("a" * 64)
PATCHED = {
    "a patch in the kustomization": {OVERLAY: f"  - {{target: {{kind: HelmRelease}}, patch: '- {OPERATION}'}}\n"},
    "a file of operations": {
        OVERLAY: "  - {target: {kind: HelmRelease}, path: more.yaml}\n",
        "apps/orders/staging/more.yaml": f"- {OPERATION}\n",
    },
    "a component": {
        OVERLAY: "components: [../more]\n",
        "apps/orders/more/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        f"patches:\n  - target: {{kind: HelmRelease}}\n    patch: '- {OPERATION}'\n",
    },
    "a replacement": {
        OVERLAY: "replacements:\n  - source: {kind: HelmRelease, fieldPath: metadata.name}\n    targets:\n      - "
        "{select: {kind: HelmRelease}, fieldPaths: [spec.values.image.digest], options: {create: true}}\n",
    },
    "nothing that shows the key": {
        OVERLAY: "components: [../more]\n",
        "apps/orders/more/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        'patches:\n  - target: {kind: HelmRelease}\n    patch: "- {op: add, path: /spec/values, value: {image: '
        '{d\\x69gest: sha256:%s}}}"\n' % ("a" * 64),
    },
}


@pytest.mark.parametrize("files", PATCHED.values(), ids=PATCHED)
def test_what_kustomize_puts_there_is_named_with_the_file_that_tells_it(shipped: World, files: dict[str, str]) -> None:
    for path, text in files.items():
        if path != OVERLAY:
            (shipped.reviewed / path).parent.mkdir(parents=True, exist_ok=True)
            (shipped.reviewed / path).write_text(text)
            git(shipped.reviewed, "add", path)
    override(shipped, files[OVERLAY], OVERLAY)
    last = [*files][-1] if "\\x69" not in str(files) else "apps/orders/staging"
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("two"))
    assert (ran.code, ran.json["fault"]) == (1, "gitops"), ran.stderr
    first = ran.json["remedy"].splitlines()[0]
    assert first == f"Take out of the GitOps repo what overrides the chart there: {last}, spec.values.image.digest."


def test_what_says_nothing_of_the_image_ships(shipped: World) -> None:
    override(shipped, "  values: {greeting: hi}\n")
    shipped.ship(shipped.image("two"))


def test_promote_refuses_an_override_of_the_other_environment(shipped: World) -> None:
    override(shipped, "")
    version = next(iter(shipped.tags())).removeprefix("orders-")
    first = shipped.waybill("promote", "--json", "--to", "production", "--version", version)
    assert first.code == 0, first.stderr
    override(
        shipped,
        "  values: {web: {enabled: false}}\n",
        "apps/orders/production/release.yaml",
        "promote/orders/production",
    )
    shipped.ship(shipped.image("two"))
    newest = sorted(shipped.tags())[-1].removeprefix("orders-")
    before = outside(shipped)
    ran = shipped.waybill("promote", "--json", "--to", "production", "--version", newest)
    assert ran.code == 1, ran.stdout
    assert "apps/orders/production/release.yaml, spec.values.web.enabled" in ran.json["remedy"]
    assert outside(shipped) == before


def test_what_cannot_be_rendered_here_is_said_in_the_proposal(shipped: World) -> None:
    override(shipped, "  valuesFrom: [{kind: ConfigMap, name: more}]\n")
    shipped.ship(shipped.image("two"))
    assert "Not seen here: values from ConfigMap more" in Path(shipped.checkout, ".waybill/orders.md").read_text()


FROM = (
    "  valuesFrom: [{kind: ConfigMap, name: more, valuesKey: own.yaml}, {kind: Secret, name: there, optional: true}]\n"
)
GENERATED = """\
configMapGenerator:
  - {name: more, files: [own.yaml=values.yaml], options: {disableNameSuffixHash: true}}
"""


def test_values_in_a_config_map_of_the_repo_are_the_environment_s_own(shipped: World) -> None:
    override(shipped, FROM)
    overlay = "apps/orders/staging/kustomization.yaml"
    values = shipped.reviewed / "apps/orders/staging/values.yaml"
    values.write_text("image: {digest: 'sha256:%s'}\ngreeting: hi\n" % ("a" * 64))
    git(shipped.reviewed, "add", "-A")
    override(shipped, GENERATED, overlay)
    image, before = shipped.image("two"), outside(shipped)
    for command in ("plan", "ship"):
        ran = shipped.waybill(command, "--json", "--image", image)
        assert (ran.code, ran.json["fault"]) == (1, "gitops"), ran.stderr
        assert f"runs {image.partition('@')[0]}@sha256:{'a' * 64}" in ran.json["refused"]
        assert "ConfigMap more, image.digest" in ran.json["remedy"]
    assert outside(shipped) == before
    values.write_text("greeting: hi\n")
    override(shipped, "")
    ran = shipped.waybill("ship", "--json", "--image", image)
    assert ran.json["not_seen"] == ["values from Secret there"]


@pytest.mark.parametrize("command", ["ship", "plan"])
def test_an_override_that_is_allowed_ships_and_nothing_claims_the_image(shipped: World, command: str) -> None:
    override(shipped, "  values: {web: {enabled: false}}\n")
    image = shipped.image("two")
    ran = shipped.waybill(command, "--json", "--image", image, "--allow-override")
    assert ran.code == 0, ran.stderr
    assert "staging does not run the images as they were released" in ran.stderr
    assert f"{RELEASE}, spec.values.web.enabled" in ran.json["overridden"]["staging"]
    table = shipped.waybill(command, "--image", image, "--allow-override").stdout
    assert "\nnot these images" in table
    assert "staging: " in table
    if command == "plan":
        assert f"image: {image}" not in ran.json["patch"]
        assert '+    event.toolkit.fluxcd.io/image: "overridden"' in ran.json["patch"]
        return
    release = git(shipped.gitops, "show", f"apps/orders:{RELEASE}")
    assert 'event.toolkit.fluxcd.io/image: "overridden"' in release
    assert image.partition("@")[2] not in release
    assert 'release: "0.1.1"' in release
    body = Path(shipped.checkout, ".waybill/orders.md").read_text()
    assert "does not run the images as they were released" in body
    assert f"{RELEASE}, spec.values.web.enabled" in body.replace("`", "")
    message = git(shipped.gitops, "log", "-1", "--format=%B", "apps/orders")
    assert "\nstaging does not run these images as they were released.\n" in message
    assert ran.json["gitops"]["places"] == [{"environment": "staging", "place": "apps/orders", "overridden": True}]
    recorded = shipped.waybill("record", "orders", "0.1.1", "--json")
    assert recorded.json["gitops"] == ran.json["gitops"], recorded.stderr
    head = git(shipped.gitops, "rev-parse", "apps/orders")
    assert shipped.waybill("ship", "--json", "--image", image, "--allow-override").code == 0
    assert git(shipped.gitops, "rev-parse", "apps/orders") == head
    assert shipped.waybill("ship", "--json", "--image", image).code == 1  # it is asked for each time
    assert git(shipped.gitops, "rev-parse", "apps/orders") == head


def test_what_is_allowed_is_the_override_alone(shipped: World) -> None:
    """What the API server refuses, it refuses all the same; and an environment without override claims the image."""
    override(shipped, "  values:\n    greeting: hi\n")
    image = shipped.image("two")
    assert shipped.ship(image, "--allow-override")["chart"]["version"] == "0.1.1"
    assert image in git(shipped.gitops, "show", f"apps/orders:{RELEASE}")
    override(shipped, "    web: {enabled: false}\n")
    name = '{{ .Values.bad | default "x" }}'
    shipped.commit({"chart/templates/x.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"})
    override(shipped, "    bad: A_B\n", branch="main")
    ran = shipped.waybill("plan", "--json", "--image", shipped.image("three"), "--allow-override")
    assert ran.code == 1, ran.stdout
    assert "A_B" in ran.json["refused"]
    assert "No container runs" not in ran.json["refused"]
