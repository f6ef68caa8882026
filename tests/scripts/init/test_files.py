"""init writes what is not there, says what it found and what it could not know, and changes nothing that is there."""

import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.support.builders import CHART, DEPLOYMENT, VALUES, World, git

CHECKOUT = Path(__file__).parents[3]
WORKFLOW = ".github/workflows/ship.yml"


@pytest.fixture
def fresh(world: World) -> World:
    """Without settings; the remote's address is only told."""
    git(world.checkout, "rm", "-q", "waybill.toml")
    world.commit({})
    git(world.checkout, "remote", "set-url", "origin", "git@github.com:Acme/orders.git")
    return world


def files(world: World) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in world.checkout.rglob("*")
        if path.is_file() and ".git/" not in str(path)
    }


def test_a_service_on_github(fresh: World) -> None:
    ran = fresh.waybill("init", "--gitops", "https://github.com/acme/fleet", "--environments", "staging,live")
    assert ran.code == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "found    chart orders in chart",
        "found    example.org/none at image.repository, image.digest, by rendering",
        "found    https://github.com/acme/orders",
        "found    GitHub Actions",
        f"wrote    {WORKFLOW}",
        "wrote    waybill.toml",
        "unknown  2 settings: fill in the lines of waybill.toml marked TODO",
        "next: waybill doctor",
    ]
    text = (fresh.checkout / "waybill.toml").read_text()
    assert tomllib.loads(text) == {
        "gitops": "https://github.com/acme/fleet",
        "environments": ["staging", "live"],
        "image": {"repository": "image.repository", "digest": "image.digest"},
    }
    assert '# TODO registry = "oci://ghcr.io/acme/charts"  # where charts are pushed' in text
    filled = text.replace("# TODO ", "")
    assert tomllib.loads(filled)["ledger"] == "https://waybill.example.org"
    job = fresh.checkout / WORKFLOW
    done = subprocess.run(["actionlint", job], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    steps = yaml.safe_load(job.read_text())["jobs"]["ship"]["steps"]
    action = yaml.safe_load((CHECKOUT / ".github/actions/ship/action.yml").read_text())
    assert steps[-1]["with"].keys() <= action["inputs"].keys()


def test_a_second_time_nothing_changes(fresh: World) -> None:
    fresh.waybill("init")
    (fresh.checkout / "waybill.toml").write_text("# mine\n")
    before = files(fresh)
    ran = fresh.waybill("init", "--json")
    assert (ran.code, ran.json["wrote"], ran.json["kept"]) == (0, [], [WORKFLOW, "waybill.toml"])
    assert files(fresh) == before


@pytest.mark.long
def test_a_dry_run_shows_the_files_and_writes_none(fresh: World) -> None:
    before = files(fresh)
    ran = fresh.waybill("init", "--dry-run", "--json")
    assert (ran.code, sorted(ran.json["files"])) == (0, [WORKFLOW, "waybill.toml"]), ran.stderr
    shown = fresh.waybill("init", "--dry-run").stdout
    assert 'repository = "image.repository"' in shown
    assert files(fresh) == before


def test_a_service_on_gitlab(fresh: World) -> None:
    git(fresh.checkout, "remote", "set-url", "origin", "https://gitlab.com/acme/shop/orders.git")
    ran = fresh.waybill("init", "--json")
    assert (ran.code, ran.json["wrote"]) == (0, [".gitlab/ship.yml", "waybill.toml"]), ran.stderr
    job = yaml.safe_load((fresh.checkout / ".gitlab/ship.yml").read_text())
    ours = yaml.safe_load((CHECKOUT / "docs/ci/gitlab.yml").read_text())
    assert job["include"][0]["remote"].endswith("/docs/ci/gitlab.yml")
    assert job["ship"]["extends"] in ours
    assert job["ship"]["variables"] == {"WAYBILL_SHIP_IMAGE": "$CI_REGISTRY_IMAGE@$DIGEST"}
    assert 'registry = "oci://registry.gitlab.com/acme/shop/charts"' in (fresh.checkout / "waybill.toml").read_text()


def test_a_ci_that_is_not_known_is_said(world: World) -> None:
    git(world.checkout, "rm", "-q", "waybill.toml")
    world.commit({})
    ran = world.waybill("init", "--json")
    assert (ran.code, ran.json["wrote"]) == (0, ["waybill.toml"])
    assert any("which CI ships it" in it for it in ran.json["unknown"])
    git(world.checkout, "remote", "remove", "origin")
    assert "no forge: there is no remote `origin`, or it is a path" in world.waybill("init", "--json").json["found"]


@pytest.mark.long
def test_a_monorepo_has_a_folder_for_each_service(fresh: World) -> None:
    for service in ("cart", "web"):
        for path, text in {
            "Chart.yaml": CHART.format(service=service),
            "values.yaml": VALUES,
            "templates/deployment.yaml": DEPLOYMENT,
        }.items():
            file = fresh.checkout / service / "deploy" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    git(fresh.checkout, "rm", "-q", "-r", "chart")
    git(fresh.checkout, "add", "-A")
    git(fresh.checkout, "commit", "-q", "-m", "Two services")
    refused = fresh.waybill("init", "--json")
    assert refused.code == 1
    assert "2 charts: cart/deploy, web/deploy" in refused.json["refused"]
    ran = fresh.waybill("init", "--json", cwd=fresh.checkout / "cart")
    assert (ran.code, ran.json["wrote"]) == (0, [".github/workflows/ship-cart.yml", "cart/waybill.toml"]), ran.stderr
    assert tomllib.loads((fresh.checkout / "cart/waybill.toml").read_text())["chart"] == "deploy"
    assert "config: cart/waybill.toml" in (fresh.checkout / ".github/workflows/ship-cart.yml").read_text()
    named = fresh.waybill("init", "--json", "--chart", "web/deploy")
    assert (named.json["service"], named.json["wrote"]) == ("web", [".github/workflows/ship.yml", "waybill.toml"])


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (["--chart", "elsewhere"], "no chart of an application in elsewhere"),
        (["--chart", "../.."], "does not lie inside the repository"),
        (["--registry", "ghcr.io/acme"], "registry"),
    ],
)
def test_what_is_given_wrong_is_refused(fresh: World, args: list[str], what: str) -> None:
    before = files(fresh)
    ran = fresh.waybill("init", "--json", *args)
    assert (ran.code, ran.json["fault"]) == (1, "you")
    assert what in ran.json["refused"]
    assert files(fresh) == before


def test_without_a_chart_it_is_refused(fresh: World) -> None:
    git(fresh.checkout, "rm", "-q", "-r", "chart")
    library = CHART.format(service="lib").replace("application", "library")
    (fresh.checkout / "lib").mkdir()
    (fresh.checkout / "lib/Chart.yaml").write_text(library)
    git(fresh.checkout, "add", "-A")
    git(fresh.checkout, "commit", "-q", "-m", "A library alone")
    ran = fresh.waybill("init", "--json")
    assert (ran.code, ran.json["refused"]) == (1, "HEAD holds no chart.")
    git(fresh.folder, "init", "-q", "empty")
    assert fresh.waybill("init", "--json", cwd=fresh.folder / "empty").json["refused"] == "HEAD holds no chart."
