"""`waybill plan`: what ship would do, byte for byte, and nothing changes."""

import json
import os
import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.builders import World, git
from tests.support.forge_stand_in import StandIn, serving
from tests.support.git_over_http import GitOverHttp
from tests.support.registry_stand_in import answering, says
from tests.support.scripts.everything import everything

pytestmark = pytest.mark.long

UNKNOWN = "sha256:<known after publish>"
RELEASE = "apps/orders/staging/release.yaml"
OCI = 'flux_source = "oci-repository"\n'


@pytest.fixture(params=["", OCI], ids=["helm-repository", "oci-repository"])
def either(request: pytest.FixtureRequest, tmp_path: Path, registry: str) -> World:
    return World(tmp_path, registry, settings=request.param)


def plan(world: World, *args: str, **more: Any) -> Any:
    ran = world.waybill("plan", "--json", *args, **more)
    assert ran.code == 0, ran.stderr
    return ran.json


def pushed(world: World, shipped: Any) -> str:
    """The patch of the commit that ship proposed. Only the ids of blobs are left out: they hang on the digest."""
    commit = shipped["gitops"]["commit"]
    assert git(world.gitops, "rev-parse", shipped["gitops"]["branch"]) == commit
    lines = git(world.gitops, "diff", "--no-renames", f"{commit}^", commit).split("\n")
    return "\n".join(line for line in lines if not line.startswith("index ")) + "\n"


def test_its_patch_is_the_one_that_ship_pushes(either: World) -> None:
    world, unknown = either, int(OCI in either.settings)
    for text in ("first", "second"):
        image = world.image(text)
        planned = plan(world, "--image", image)
        assert planned["patch"].count(UNKNOWN) == unknown
        shipped = world.ship(image)
        assert planned["patch"].replace(UNKNOWN, shipped["chart"]["digest"]) == pushed(world, shipped)
        assert planned["waybill"]["source"] == shipped["source"]
        assert planned["waybill"]["chart"] == {key: shipped["chart"][key] for key in planned["waybill"]["chart"]}
        # People merge it and edit what is theirs; the next patch is made from that.
        git(seed := world.reviewed, "fetch", "--quiet", "origin")
        git(seed, "checkout", "--quiet", "-B", "main", "origin/main")
        git(seed, "merge", "--quiet", "--no-ff", "--no-edit", "origin/apps/orders")
        theirs = (seed / RELEASE).read_bytes().replace(b"\nmetadata:", f"\n# after the {text}\r\nmetadata:".encode())
        (seed / RELEASE).write_bytes(theirs)
        git(seed, "commit", "--quiet", "--all", "-m", "Ours")
        git(seed, "push", "--quiet", "origin", "main")


def test_it_applies_to_the_base(world: World) -> None:
    image = world.image()
    (world.folder / "patch").write_text(plan(world, "--image", image)["patch"])
    world.ship(image)
    seed = world.reviewed
    git(seed, "apply", "--index", str(world.folder / "patch"))
    assert git(seed, "write-tree") == git(world.gitops, "rev-parse", "apps/orders^{tree}")


def test_a_digest_that_is_published_is_known(tmp_path: Path, registry: str) -> None:
    world = World(tmp_path, registry, settings=OCI)
    image = world.image()
    chart = world.ship(image, env={"WAYBILL_ENVIRONMENTS": "staging"})["chart"]
    git(world.gitops, "update-ref", "-d", "refs/heads/apps/orders")
    planned = plan(world, "--image", image)
    assert planned["published"]
    assert f'digest: "{chart["digest"]}"' in planned["patch"]
    assert UNKNOWN not in planned["patch"]


def test_nothing_changes(world: World) -> None:
    image = world.image()
    (world.checkout / "chart" / "values.yaml").write_text("# being worked on\n")
    before = everything(world)
    plan(world, "--image", image)
    assert everything(world) == before
    world.ship(image)
    second = world.image("second")
    before = everything(world)
    plan(world, "--image", second)
    plan(world, "--image", image)
    assert everything(world) == before


def test_it_asks_to_read_and_never_to_write(world: World) -> None:
    """A registry that lets everyone read, a GitOps repo and a forge likewise: no credential is there at all."""
    image, real, asked = world.image(), world.registry, []

    def read_only(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.command)
        path = request.path
        if request.command not in ("GET", "HEAD"):
            says(401)(request)
            return
        answer = httpx.get(f"http://{real}{path}", headers={"Accept": request.headers.get("Accept", "*/*")})
        kept = {name: value for name, value in answer.headers.items() if name.startswith(("content-type", "docker-"))}
        says(answer.status_code, answer.content, **kept)(request)

    api, over_http = StandIn("gitea"), GitOverHttp(world.gitops, token="", reads_only=True)
    with serving(api, over_http) as forge, answering(read_only) as registry:
        settings = {
            "WAYBILL_GITOPS": f"{forge}/acme/fleet.git",
            "WAYBILL_FORGE": "gitea",
            "WAYBILL_REGISTRY": f"oci://{registry}/charts",
            "DOCKER_CONFIG": str(world.folder / "no-docker"),
        }
        ran = world.waybill("plan", "--json", "--image", image.replace(real, registry), env=settings)
    assert RELEASE in ran.json["patch"]
    assert {method for method, _, _ in api.requests} == {"GET"}
    # A POST begins an upload, which would be cancelled: nothing else tells whether one may push.
    assert set(asked) <= {"GET", "HEAD", "POST"}
    assert asked.count("POST") == 1
    assert "whether it may be pushed is not known without a login" in ran.stderr
    assert "whether it may be proposed is not known: ship needs WAYBILL_FORGE_TOKEN" in ran.stderr
    assert not any("receive-pack" in path for path in over_http.paths)


def test_people_read_the_patch_and_what_it_changes_in_the_cluster(world: World) -> None:
    image = world.image()
    ran = world.waybill("plan", "--image", image)
    planned = plan(world, "--image", image)
    assert planned["patch"] in ran.stdout
    assert planned["chart_files"] == ["M chart/Chart.yaml", "M chart/values.yaml"]
    assert f"A {RELEASE}" in planned["gitops_files"]
    for file in planned["chart_files"] + planned["gitops_files"]:
        assert file in ran.stdout
    assert "\nstaging: the first release there, 1 object.\n  added Deployment/orders\n" in ran.stdout


def test_it_tells_what_ship_would_leave_alone(world: World) -> None:
    first, second = world.image("first"), world.image("second")
    world.ship(first)
    assert plan(world, "--image", first)["said"] == "apps/orders has it already"
    world.ship(second)
    planned = plan(world, "--image", first)
    assert planned["said"] == "superseded: apps/orders has 0.1.1 for staging; nothing is proposed"
    assert (planned["patch"], planned["difference"]) == ("", "")


def test_what_ship_would_refuse_it_refuses(world: World) -> None:
    ran = world.waybill("plan", "--json", "--image", world.image(), "--environment", "prod")
    assert (ran.code, ran.json["fault"]) == (1, "you")
    world.ship(world.image("other"), "--version", "0.2.0")
    commit = world.commit({"chart/values.yaml": world.values.replace("hello", "bye")})
    git(world.checkout, "push", "--quiet", "origin", f"{commit}:refs/tags/orders-0.3.0")
    git(world.checkout, "checkout", "--quiet", "HEAD^")
    ran = world.waybill("plan", "--json", "--image", world.image("third"))
    assert ran.code == 1
    assert "is older than" in ran.json["refused"]


def test_render_shows_the_same_for_the_waybill_that_lies_there(tmp_path: Path, registry: str) -> None:
    world = World(tmp_path, registry, settings=OCI)
    image = world.image()
    planned = plan(world, "--image", image)
    world.waybill("bump", "--image", image)
    git(world.checkout, "checkout", "--quiet", "--", ".")
    for command in ("package", "render"):
        ran = world.waybill(command, "--json")
        assert ran.code == 0, ran.stderr
    assert (ran.json["patch"], ran.json["published"]) == (planned["patch"], False)
    assert json.loads((world.checkout / ".waybill" / "orders.json").read_text()) == ran.json["waybill"]
    world.waybill("publish")
    ran = world.waybill("render", "--json")
    assert (UNKNOWN in ran.json["patch"], ran.json["published"]) == (False, True)


def test_without_a_gitops_repo_render_has_nothing_to_show(world: World) -> None:
    toml = world.checkout / "waybill.toml"
    toml.write_text("".join(line for line in toml.read_text().splitlines(True) if not line.startswith("gitops")))
    world.waybill("bump", "--image", world.image())
    ran = world.waybill("render", "--json")
    assert (ran.code, ran.json["refused"]) == (1, "No GitOps repo is configured.")
    assert world.waybill("plan", "--json", "--image", world.image()).json["said"] == ""


def test_a_waybills_file_that_ship_cannot_go_on_with_is_refused(world: World) -> None:
    (world.checkout / ".waybill").mkdir()
    (world.checkout / ".waybill/orders.json").write_text("{}")
    for command in ("plan", "ship"):
        ran = world.waybill(command, "--json", "--image", world.image())
        assert (ran.code, ran.json["fault"]) == (1, "you")
        assert "orders.json is no waybill" in ran.json["refused"]
    assert world.tags() == {}


def test_a_commit_of_a_year_that_no_waybill_can_say_is_refused(world: World) -> None:
    date = "@253402300800 +0000"
    commit = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "--allow-empty", "-mx"]
    subprocess.run(commit, cwd=world.checkout, env={**os.environ, "GIT_COMMITTER_DATE": date}, check=True)
    for command in ("plan", "ship"):
        ran = world.waybill(command, "--json", "--image", world.image())
        assert (ran.code, ran.json["fault"]) == (1, "repository"), ran.stderr
        assert "is dated 253402300800 s after 1970" in ran.json["refused"]
    assert world.tags() == {}
