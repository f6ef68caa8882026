"""A service that runs by a HelmRelease that people wrote is adopted: each command writes the release there, and every
other byte of the GitOps repo stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.builders import World, git
from tests.support.running_ledger import RunningLedger, serving
from tests.support.scripts.adoption import adopt, commit
from tests.support.scripts.everything import everything
from tests.support.scripts.layouts import D2, FILES, FLUX_EXAMPLE, HOME_OPS, LAYOUTS

pytestmark = pytest.mark.long

BEFORE = "event.toolkit.fluxcd.io"


def changes(world: World, branch: str, base: str = "main") -> dict[str, tuple[list[str], list[str]]]:
    """By file the lines that a branch takes away and adds."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for path in git(world.gitops, "diff", "--name-only", base, branch).splitlines():
        lines = git(world.gitops, "diff", "-U0", base, branch, "--", path).splitlines()[5:]
        found[path] = (
            [line[1:] for line in lines if line.startswith("-")],
            [line[1:] for line in lines if line.startswith("+")],
        )
    return found


def annotations(image: str, version: str, source: str, indent: str = "    ") -> list[str]:
    return [
        f'{indent}{BEFORE}/service: "orders"',
        f'{indent}{BEFORE}/release: "{version}"',
        f'{indent}{BEFORE}/image: "{image}"',
        f'{indent}{BEFORE}/commit: "{source}"',
        f'{indent}{BEFORE}/tests: "false"',
        f'{indent}{BEFORE}/tries: "unknown"',
    ]


def test_a_release_changes_a_patch_of_an_overlay(world: World) -> None:
    commit(world, FLUX_EXAMPLE)
    adopt(world, "flux-example")
    image = world.image()
    shipped = world.ship(image)
    added = annotations(image, "0.1.0", shipped["source"]["commit"])
    assert changes(world, "apps/orders") == {
        FILES["flux-example"]: (
            [],
            ["  annotations:", *added, "  chart:", "    spec:", '      version: "0.1.0"'],
        )
    }
    assert shipped["gitops"]["places"] == [{"environment": "staging", "place": "shop/orders"}]


def test_a_release_changes_tag_and_digest_in_the_file_of_the_source(world: World) -> None:
    commit(world, HOME_OPS)
    adopt(world, "home-ops")
    image = world.image()
    shipped = world.ship(image)
    app = "kubernetes/apps/default/orders/app"
    assert changes(world, "apps/orders") == {
        f"{app}/helmrelease.yaml": (
            [],
            ["  annotations:", *annotations(image, "0.1.0", shipped["source"]["commit"])],
        ),
        f"{app}/ocirepository.yaml": (
            ["    tag: 0.0.9"],
            ["    tag: 0.1.0", f'    digest: "{shipped["chart"]["digest"]}"'],
        ),
    }
    assert shipped["gitops"]["places"] == [{"environment": "staging", "place": "default/orders"}]


def test_a_release_changes_two_documents_of_several_in_a_file(world: World) -> None:
    commit(world, D2)
    adopt(world, "d2")
    image = world.image()
    shipped = world.ship(image)
    ours = ", ".join(line for line in annotations(image, "0.1.0", shipped["source"]["commit"], ""))
    digest = shipped["chart"]["digest"]
    assert changes(world, "apps/orders") == {
        FILES["d2"]: (
            ["  annotations: {}", "  ref: {tag: 0.0.9}  # and its digest"],
            [f"  annotations: {{{ours}}}", f'  ref: {{tag: 0.1.0, digest: "{digest}"}}  # and its digest'],
        )
    }
    assert shipped["gitops"]["places"] == [{"environment": "staging", "place": None}]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_says_what_a_release_writes_and_adds_one_table_alone(world: World, layout: str) -> None:
    commit(world, LAYOUTS[layout])
    file, before = world.checkout / "waybill.toml", everything(world)
    said = world.waybill("adopt", "--json", "--environment", "staging", "--file", FILES[layout], "--dry-run")
    assert said.code == 0, said.stderr
    assert everything(world) == before
    text = file.read_text()
    adopt(world, layout)
    added = f'\n[environment.staging]\nhelmrelease = "{FILES[layout]}"\n'
    assert file.read_text() == text + added
    world.ship(world.image())
    written = {it["file"] for it in said.json["writes"]}
    assert written == set(changes(world, "apps/orders"))
    assert [it["key"] for it in said.json["writes"]][-6:] == [
        f'metadata.annotations."{BEFORE}/{name}"'
        for name in ("service", "release", "image", "commit", "tests", "tries")
    ]
    again = world.waybill("adopt", "--environment", "staging", "--file", FILES[layout])
    assert (again.code, file.read_text()) == (0, text + added), again.stderr


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    with serving(tmp_path / "ledger", "orders", ["staging", "production"]) as it:
        yield it


@pytest.mark.parametrize("layout", ["flux-example", "d2"])
def test_it_is_promoted_and_rolled_back_there(world: World, layout: str, ledger: RunningLedger) -> None:
    commit(world, LAYOUTS[layout])
    adopt(world, layout)
    adopt(world, layout, environment="production")
    first, staging = world.image(), FILES[layout]
    production = staging.replace("staging", "production")
    world.ship(first, env=ledger.env)
    world.merge("apps/orders")
    ledger.hears("staging", "0.1.0")
    assert world.waybill("promote", "--to", "production", env=ledger.env).code == 0
    branch = "promote/orders/production"
    assert list(changes(world, branch)) == [production]
    world.merge(branch)
    second = world.image("two")
    world.ship(second, env=ledger.env)
    planned = world.waybill("plan", "--json", "--image", second).json
    assert planned["gitops_files"] == []
    assert "staging: 0 " not in planned["difference"]
    world.merge("apps/orders")
    assert world.waybill("promote", "--to", "production", "--version", "0.1.1", env=ledger.env).code == 0
    world.merge(branch)
    ran = world.waybill("rollback", "orders", "0.1.0", "-e", "production", "--reason", "loses orders", env=ledger.env)
    assert ran.code == 0, ran.stderr
    before = git(world.gitops, "rev-parse", "main~2^2")  # what the first promotion proposed
    assert git(world.gitops, "show", f"{branch}:{production}") == git(world.gitops, "show", f"{before}:{production}")
