"""What cannot be adopted, and what became so after it was adopted, is refused by every command, and nothing changes."""

from pathlib import Path

import pytest

from tests.support import builders
from tests.support.builders import World, git
from tests.support.scripts.adoption import adopt, commit
from tests.support.scripts.everything import everything
from tests.support.scripts.layouts import FILES, FLUX_EXAMPLE, HOME_OPS, PATCH

BASE = "apps/base/orders/release.yaml"


def refused(world: World, *command: str) -> str:
    """By a command that changes nothing."""
    before = _everything_else(world)
    ran = world.waybill(*command, "--json")
    assert ran.code == 1, ran.stdout
    assert _everything_else(world) == before
    return f"{ran.json['refused']} | {ran.json['remedy']}"


def _everything_else(world: World) -> dict[str, bytes]:
    """All but what Waybill keeps for itself."""
    return {path: data for path, data in everything(world).items() if "/.waybill/" not in path}


@pytest.mark.parametrize("command", ["plan", "ship"])
def test_a_second_helmrelease_of_the_name_is_refused(world: World, command: str) -> None:
    commit(world, FLUX_EXAMPLE)
    said = refused(world, command, "--image", world.image())
    assert f"{BASE}, line 5: the GitOps repo has a HelmRelease orders" in said
    assert f"`waybill adopt --environment staging --file {BASE}`" in said


def test_one_in_a_list_is_one_too(world: World) -> None:
    listed = "kind: List\napiVersion: v1\nitems:\n" + "".join(
        f"{'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(PATCH.splitlines())
    )
    commit(world, {"fleet/all.yaml": listed})
    said = refused(world, "plan", "--image", world.image())
    assert "fleet/all.yaml, line 7: the GitOps repo has a HelmRelease orders" in said


def test_one_in_json_and_one_of_that_helm_release_are_ones_too(world: World) -> None:
    commit(world, {"fleet/orders.json": '{"kind": "HelmRelease",\n"metadata": {"name": "orders"}}'})
    assert "fleet/orders.json, line 2: the GitOps repo has a HelmRelease orders" in refused(
        world, "plan", "--image", world.image()
    )
    named = PATCH.replace("name: orders\n", "name: shop\n").replace("spec:\n", "spec:\n  releaseName: orders\n")
    commit(world, {"fleet/orders.json": "{}", "fleet/shop.yaml": named})
    said = refused(world, "plan", "--image", world.image())
    assert "fleet/shop.yaml, line 4: the GitOps repo has a HelmRelease shop of the Helm release orders" in said
    assert "`waybill adopt --environment staging --file fleet/shop.yaml`" in said


@pytest.mark.long
def test_it_is_refused_for_a_later_environment_too(world: World) -> None:
    world.ship(world.image())
    world.merge("apps/orders")
    commit(world, {"fleet/orders.yml": PATCH, "fleet/broken.yaml": "kind: HelmRelease\n\tname: [\n"})
    said = refused(world, "promote", "--to", "production", "--version", "0.1.0")
    assert "fleet/orders.yml, line 4" in said
    world.ship(world.image("two"))


@pytest.mark.long
def test_a_file_that_another_environment_began_to_build_is_refused(world: World) -> None:
    commit(world, {path: text for path, text in FLUX_EXAMPLE.items() if "production" not in path})
    assert world.waybill("adopt", "--environment", "staging", "--file", BASE).code == 0
    world.commit({})
    image = world.image()
    world.ship(image)
    world.merge("apps/orders")
    commit(world, {path: text for path, text in FLUX_EXAMPLE.items() if "production" in path})
    for command in ("plan", "ship"):
        said = refused(world, command, "--image", world.image("two"))
        assert "clusters/production/apps.yaml" in said
        assert "more than one environment" in said


@pytest.mark.long
def test_what_is_released_by_waybills_own_files_is_not_adopted_beside_them(world: World) -> None:
    commit(world, {path: text for path, text in HOME_OPS.items() if "ks.yaml" in path})
    world.ship(world.image())
    world.merge("apps/orders")
    commit(world, HOME_OPS)
    said = refused(world, "adopt", "--environment", "staging", "--file", FILES["home-ops"])
    assert "staging is released to apps/orders/staging/release.yaml in the GitOps repo: with another file" in said


@pytest.mark.long
def test_a_folder_of_people_that_is_called_as_waybills_is_adopted(world: World) -> None:
    files = {path.replace("apps/staging", "apps/orders/staging"): text for path, text in FLUX_EXAMPLE.items()}
    moved = {
        "clusters/staging/apps.yaml": files["clusters/staging/apps.yaml"].replace("apps/staging", "apps/orders/staging")
    }
    built = files["apps/orders/staging/kustomization.yaml"].replace("../base", "../../base")
    commit(world, {**files, **moved, "apps/orders/staging/kustomization.yaml": built})
    said = refused(world, "plan", "--image", world.image())
    assert "has no apps/orders/staging/release.yaml" in said
    assert "`waybill adopt` lets releases be written" in said
    file = "apps/orders/staging/orders-values.yaml"
    assert world.waybill("adopt", "-e", "staging", "--file", file).code == 0
    world.commit({})
    world.ship(world.image())
    assert git(world.gitops, "diff", "--name-only", "main", "apps/orders") == file


def test_only_an_environment_of_its_own_is_adopted(world: World) -> None:
    commit(world, FLUX_EXAMPLE)
    toml = (world.checkout / "waybill.toml").read_text()
    world.commit({"waybill.toml": toml.replace('"production"]', '"production = eu + us"]')})
    said = refused(world, "adopt", "--environment", "production", "--file", FILES["flux-example"])
    assert "production is a group" in said
    assert "Adopt that of eu and of us" in said
    assert "canary is no environment" in refused(world, "adopt", "-e", "canary", "--file", FILES["flux-example"])
    adopt(world, "flux-example")
    said = refused(world, "adopt", "--environment", "eu", "--file", FILES["flux-example"])
    assert "waybill.toml gives staging and eu one HelmRelease" in said
    said = refused(world, "adopt", "--environment", "staging", "--file", BASE)
    assert f"says helmrelease = '{FILES['flux-example']}'" in said


@pytest.mark.parametrize("wanted", ["/etc/passwd", "a b#c d", "a.yaml#Orders", "#orders"])
def test_what_names_no_file_is_refused(world: World, wanted: str) -> None:
    assert f"{wanted!r} names no HelmRelease" in refused(world, "adopt", "-e", "staging", "--file", wanted)


@pytest.mark.long
def test_a_name_that_flux_fills_in_makes_no_place(world: World) -> None:
    files = {path: text.replace("&app orders", "${APP}").replace("*app", "orders") for path, text in HOME_OPS.items()}
    commit(world, files)
    adopt(world, "home-ops")
    assert world.ship(world.image())["gitops"]["places"] == [{"environment": "staging", "place": None}]


@pytest.mark.long
def test_a_namespace_of_its_group_is_no_hindrance(world: World) -> None:
    commit(world, FLUX_EXAMPLE)
    toml = (world.checkout / "waybill.toml").read_text().replace('"staging", "production"', '"production = eu + us"')
    world.commit({"waybill.toml": toml + '[environment.production]\nnamespace = "shop"\n[environment.eu]\n'})
    ran = world.waybill("adopt", "--environment", "eu", "--file", FILES["flux-example"])
    assert ran.code == 0, ran.stderr
    world.commit({})
    assert world.ship(world.image(), "-e", "eu")["gitops"]["places"] == [{"environment": "eu", "place": "shop/orders"}]


def test_without_a_file_of_settings_nothing_is_adopted(world: World) -> None:
    commit(world, FLUX_EXAMPLE)
    (world.checkout / "waybill.toml").unlink()
    env = {"WAYBILL_GITOPS": str(world.gitops), "WAYBILL_ENVIRONMENTS": "staging"}
    ran = world.waybill("adopt", "-e", "staging", "--file", FILES["flux-example"], env=env)
    assert ran.code == 1
    assert "There is no waybill.toml here" in ran.stderr


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ('[environment.staging]\nhelmrelease = "a.yaml"\nnamespace = "shop"\n', "the file says the namespace"),
        ('[environment.staging]\nhelmrelease = "/a.yaml"\n', '`environment.staging.helmrelease` is "/a.yaml"'),
        ('[environment.staging]\nhelmrelease = "a.yaml#A b"\n', "may be FILE or FILE#NAME"),
        (
            '[environment.staging]\nhelmrelease = "a.yaml"\n[environment.production]\nhelmrelease = "./a.yaml#b"\n',
            "gives staging and production one HelmRelease",
        ),
    ],
)
def test_settings_that_contradict_are_refused(world: World, tables: str, said: str) -> None:
    world.commit({"waybill.toml": (world.checkout / "waybill.toml").read_text() + tables})
    assert said in refused(world, "plan", "--image", world.image())


def test_a_file_of_a_group_is_refused(world: World) -> None:
    toml = (world.checkout / "waybill.toml").read_text().replace('"production"]', '"production = eu + us"]')
    world.commit({"waybill.toml": toml + '[environment.production]\nhelmrelease = "a.yaml"\n'})
    said = refused(world, "plan", "--image", world.image())
    assert "`helmrelease` for production, which is a group" in said


@pytest.mark.long
def test_a_file_that_is_gone_is_not_advised_to_be_removed(world: World) -> None:
    """Flux would uninstall what a folder no longer holds."""
    world.ship(world.image())
    world.merge("apps/orders")
    builders.commit(world.gitops, {"apps/orders/staging/release.yaml": None})
    said = refused(world, "plan", "--image", world.image("two"))
    assert "The GitOps repo has no apps/orders/staging/release.yaml" in said
    assert "Put it back as it was" in said
    assert "remove" not in said


@pytest.mark.parametrize("prefix", ["", "v"])
def test_a_chart_that_is_lower_than_what_runs_is_said(world: World, prefix: str) -> None:
    commit(world, {path: text.replace("0.0.9", f"{prefix}5.1.0") for path, text in FLUX_EXAMPLE.items()})
    ran = world.waybill("adopt", "--environment", "staging", "--file", FILES["flux-example"])
    assert ran.code == 0, ran.stderr
    assert "5.1.0, and chart/Chart.yaml says 0.1.0" in ran.stderr
    world.commit({})
    assert "superseded: main has 5.1.0 for staging" in world.waybill("plan", "--image", world.image()).stdout


@pytest.mark.long
def test_a_person_who_edits_the_branch_keeps_the_edit(world: World) -> None:
    commit(world, FLUX_EXAMPLE)
    adopt(world, "flux-example")
    world.ship(world.image())
    file: Path = world.reviewed / FILES["flux-example"]
    git(world.reviewed, "fetch", "--quiet", "origin")
    git(world.reviewed, "checkout", "--quiet", "--detach", "origin/apps/orders")
    text = file.read_text().replace("enable: false", "enable: true")
    commit(world, {FILES["flux-example"]: text}, branch="apps/orders")
    world.ship(world.image("two"))
    there = git(world.gitops, "show", f"apps/orders:{FILES['flux-example']}") + "\n"
    assert there.replace('"0.1.1"', '"0.1.0"').splitlines()[-8:] == text.splitlines()[-8:]


@pytest.mark.long
def test_one_branch_brings_two_environments(world: World) -> None:
    commit(world, FLUX_EXAMPLE)
    adopt(world, "flux-example")
    adopt(world, "flux-example", environment="production")
    image = world.image()
    world.ship(image)
    world.ship(image, "--environment", "production")
    names = git(world.gitops, "diff", "--name-only", "main", "apps/orders").splitlines()
    assert names == [FILES["flux-example"].replace("staging", "production"), FILES["flux-example"]]
    record = (world.gitops / "waybill-proposals" / "1.json").read_text()
    assert "### staging" in record
    assert "### production" in record
