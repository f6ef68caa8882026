"""What works on Waybill's own files works on a HelmRelease of people: pins of images, filing later, rolling back from
elsewhere, merging by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.settings import EnvironmentSettings
from tests.support.builders import DEPLOYMENT, World, git, run_waybill
from tests.support.gitops_repo import GitopsRepo
from tests.support.running_ledger import RunningLedger, serving
from tests.support.scripts.adoption import CHARTS, adopt, commit
from tests.support.scripts.layouts import FILES, FLUX_EXAMPLE, HELM_RELEASE, at

pytestmark = pytest.mark.long

FILE = FILES["flux-example"]
USED = '"{{ .Values.image.repository }}@{{ .Values.image.digest }}"'


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    with serving(tmp_path / "ledger", "orders", ["staging", "production"]) as it:
        yield it


def test_an_image_is_pinned_beside_what_the_base_has_kustomize_do(world: World) -> None:
    image = world.image()
    repository, _, digest = image.partition("@")
    settings = (world.checkout / "waybill.toml").read_text() + f'[image]\npost_render = "{repository}"\n'
    templates = {"chart/templates/deployment.yaml": DEPLOYMENT.replace(USED, f'"{repository}:1.4"')}
    world.commit({**templates, "waybill.toml": settings})
    theirs = "  postRenderers:\n    - kustomize: {images: [{name: sidecar, newTag: v2}]}\n"
    commit(world, {**FLUX_EXAMPLE, "apps/base/orders/release.yaml": HELM_RELEASE + theirs})
    adopt(world, "flux-example")
    world.ship(image)
    written = git(world.gitops, "show", f"apps/orders:{FILE}")
    pin = f'    - {{"kustomize": {{"images": [{{"name": "{repository}", "digest": "%s"}}]}}}}'
    kept = '    - {"kustomize": {"images": [{"name": "sidecar", "newTag": "v2"}]}}'
    assert f"  postRenderers:\n{pin % digest}\n{kept}\n" in written
    world.merge("apps/orders")
    second = world.image("two")
    world.ship(second)
    lines = git(world.gitops, "diff", "-U0", "main", "apps/orders").splitlines()
    assert f"+{pin % second.partition('@')[2]}" in lines
    assert len([line for line in lines if line.startswith("+") and "+++" not in line]) == 4


def test_it_is_filed_later_and_rolled_back_from_elsewhere(world: World, ledger: RunningLedger) -> None:
    commit(world, FLUX_EXAMPLE)
    adopt(world, "flux-example")
    down = {**ledger.env, "WAYBILL_LEDGER": "http://127.0.0.1:9"}
    ran = world.waybill("ship", "--json", "--image", world.image(), env=down)
    assert ran.code == 1
    (shipped,) = ran.json["done"]
    ran = world.waybill("record", "orders", "0.1.0", "--json", env=ledger.env)
    assert ran.code == 0, ran.stderr
    assert ran.json["gitops"] == shipped["gitops"]
    assert ran.json["gitops"]["places"] == [{"environment": "staging", "place": "shop/orders"}]
    world.merge("apps/orders")
    world.ship(world.image("two"), env=ledger.env)
    world.merge("apps/orders")
    elsewhere = world.folder / "elsewhere"
    elsewhere.mkdir()
    command = ("rollback", "orders", "0.1.0", "-e", "staging", "--reason", "no")
    env = {**ledger.env, "WAYBILL_GITOPS": str(world.gitops), "WAYBILL_FORGE": "file"}
    ran = run_waybill(*command, cwd=elsewhere, env=env)
    assert ran.code == 1
    assert "give --config where waybill.toml has its `helmrelease`" in ran.stderr
    ran = run_waybill(*command, "--config", str(world.checkout / "waybill.toml"), cwd=elsewhere, env=ledger.env)
    assert ran.code == 0, ran.stderr
    changed = git(world.gitops, "diff", "-U0", "main", "promote/orders/staging").splitlines()
    assert '+      version: "0.1.0"' in changed
    assert git(world.gitops, "diff", "--name-only", "main", "promote/orders/staging") == FILE


def test_its_file_is_all_that_an_environment_that_merges_by_itself_changes(repo: GitopsRepo) -> None:
    from tests.scripts.proposal.test_merge import BRANCH, run

    repo.commit(at(FLUX_EXAMPLE, CHARTS))
    production = FILE.replace("staging", "production")
    tables = {
        "staging": EnvironmentSettings(merge="auto", helmrelease=FILE),
        "production": EnvironmentSettings(helmrelease=production),
    }
    assert run(repo, **tables).asked == [("merge", 1, repo.head(BRANCH))]
    assert run(repo, "production", **tables).asked[-1][0] == "withdraw"
