"""A HelmRelease, or its source, that the API server would refuse: refused with the field by plan and by ship alike, and
nothing is out."""

from collections.abc import Mapping

import pytest

from tests.support.builders import World, git
from tests.support.scripts.everything import everything

pytestmark = pytest.mark.long

RELEASE = "apps/orders/staging/release.yaml"
KUSTOMIZATION = "apps/orders/staging/kustomization.yaml"
UNTIMED = """  - {target: {kind: HelmRelease}, patch: '[{"op": "remove", "path": "/spec/interval"}]'}\n"""
UNTAKEN = {
    "a field that there is not": ("  tiemout: 5m\n", RELEASE, "HelmRelease orders, spec.tiemout is no field"),
    "a number for a duration": ("  timeout: 300\n", RELEASE, "HelmRelease orders, spec.timeout is 300 where text"),
    "values that are a text": (
        '  values: "a: b"\n',
        RELEASE,
        "HelmRelease orders, spec.values is 'a: b' where a mapping",
    ),
    "another object": (
        "generatorOptions: {labels: {a/b/c: d}}\nconfigMapGenerator: [{name: a, literals: [b=c]}]\n",
        KUSTOMIZATION,
        "metadata.labels.a/b/c is 'a/b/c', which the API server refuses",
    ),
    "values beside spec": ("values: {}\n", RELEASE, "HelmRelease orders, values is no field that Flux knows"),
    "a text for a list": (
        "  postRenderers: a\n",
        RELEASE,
        "HelmRelease orders, spec.postRenderers is 'a' where a list",
    ),
    "two sources": (
        "  chartRef: {kind: OCIRepository, name: orders}\n",
        RELEASE,
        "HelmRelease orders, spec breaks the rule that either chart or chartRef must be set",
    ),
    "what a patch takes away": (
        UNTIMED,
        KUSTOMIZATION,
        "HelmRelease orders, spec.interval is missing",
    ),
    "a source": (
        "  provider: amazon\n",
        "apps/orders/base/helmrepository.yaml",
        "HelmRepository orders, spec.provider is 'amazon', and Flux takes generic or aws or",
    ),
}


@pytest.fixture
def shipped(world: World) -> World:
    world.ship(world.image())
    return world


def add(world: World, text: str, path: str) -> None:
    """Somebody merges what is proposed, and appends `text` to a file of the GitOps repo."""
    git(world.reviewed, "fetch", "--quiet", "origin")
    git(world.reviewed, "merge", "--quiet", "--no-edit", "origin/apps/orders")
    with (world.reviewed / path).open("a") as file:
        file.write(text)
    git(world.reviewed, "commit", "--quiet", "--all", "--message", "Ours")
    git(world.reviewed, "push", "--quiet", "origin", "HEAD:main")


def outside(world: World) -> Mapping[str, bytes]:
    """All but what lies in the checkout."""
    return {path: data for path, data in everything(world).items() if not path.startswith(str(world.checkout))}


@pytest.mark.parametrize("case", UNTAKEN)
def test_what_the_api_server_would_not_take_of_flux_is_refused(shipped: World, case: str) -> None:
    text, path, said = UNTAKEN[case]
    add(shipped, text, path)
    image, before = shipped.image("two"), outside(shipped)
    for command in ("plan", "ship"):
        ran = shipped.waybill(command, "--json", "--image", image, "--allow-override")
        assert (ran.code, ran.json.get("fault")) == (1, "gitops"), ran.stderr + ran.stdout
        assert ran.json["refused"].startswith("In staging: ")
        assert said in ran.json["refused"]
        assert ran.json["remedy"].startswith("Correct it")
    assert outside(shipped) == before


def test_what_a_patch_of_flux_adds_is_not_lacking(shipped: World) -> None:
    add(shipped, UNTIMED, KUSTOMIZATION)
    add(shipped, "  patches: [{patch: '{kind: HelmRelease}'}]\n", "clusters/staging/orders.yaml")
    shipped.ship(shipped.image("two"))
