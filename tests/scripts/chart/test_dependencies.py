"""Charts that need others: fetched as Chart.lock says, on a machine that was never told of any repository."""

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.clients.helm_repositories import known
from scripts.errors import Refused
from scripts.steps.package import package
from tests.support.builders import CHART, World
from tests.support.release import bumped, checkout
from tools.demo.processes import running, wait_for_line

LIBRARY = {"Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.2.3\n", "values.yaml": "{}\n"}


@pytest.fixture(autouse=True)
def a_new_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"HELM_{name}_HOME", str(tmp_path / "helm" / name))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """The chart `lib` 1.2.3 as a .tgz."""
    folder = tmp_path / "library/lib"
    folder.mkdir(parents=True)
    for name, text in LIBRARY.items():
        (folder / name).write_text(text)
    helm("package", folder, "--destination", folder.parent)
    return folder.parent / "lib-1.2.3.tgz"


@pytest.fixture
def chart_repository(library: Path) -> Iterator[str]:
    """A chart repository with `lib`, served over HTTP."""
    helm("repo", "index", library.parent)
    log = library.parent / "log"
    serve = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", library.parent]
    with running(serve, log) as process:
        yield "http://127.0.0.1:" + wait_for_line(process, log, r"port (\d+)")


def helm(*args: str | Path) -> None:
    subprocess.run(["helm", *args], check=True, capture_output=True)


def needs(world: World, repository: str, *, lock: bool = True, version: str = "1.2.3") -> None:
    """Commits a chart that needs `lib` from `repository`, with its lock as Helm writes it."""
    chart = world.checkout / "chart"
    item = f'dependencies:\n- name: lib\n  version: "{version}"\n  repository: {repository}\n'
    (chart / "Chart.yaml").write_text(CHART.format(service="orders") + item)
    if lock:
        helm("dependency", "update", chart, *(["--plain-http"] if repository.startswith("oci:") else []))
        for path in (chart / "charts").iterdir():
            path.unlink()
    world.commit({})


def packaged(world: World) -> set[str]:
    out = world.folder / "out"
    package(bumped(world, world.image()), checkout(world))
    with tarfile.open(fileobj=io.BytesIO((out / "orders-0.1.0.tgz").read_bytes())) as tar:
        return {member.name for member in tar}


def test_from_a_chart_repository_that_was_never_added(world: World, chart_repository: str) -> None:
    needs(world, chart_repository)
    assert "orders/charts/lib/Chart.yaml" in packaged(world)
    first = (world.folder / "out/orders-0.1.0.tgz").read_bytes()
    packaged(world)
    assert (world.folder / "out/orders-0.1.0.tgz").read_bytes() == first


def test_from_one_that_the_user_gave_a_name(world: World, chart_repository: str) -> None:
    helm("repo", "add", "mine", chart_repository)
    needs(world, '"@mine"')
    assert "orders/charts/lib/Chart.yaml" in packaged(world)


def test_from_a_registry(world: World, library: Path) -> None:
    helm("push", library, f"oci://{world.registry}/libraries", "--plain-http")
    needs(world, f"oci://{world.registry}/libraries")
    assert "orders/charts/lib/Chart.yaml" in packaged(world)


def test_from_a_folder_of_the_same_commit(world: World) -> None:
    world.commit({f"shared/lib/{name}": text for name, text in LIBRARY.items()})
    needs(world, "file://../shared/lib")
    (world.checkout / "shared/lib/values.yaml").write_text("not: committed\n")
    assert "orders/charts/lib/values.yaml" in packaged(world)
    with tarfile.open(world.folder / "out/orders-0.1.0.tgz") as tar:
        values = tar.extractfile("orders/charts/lib/values.yaml")
        assert values
        assert values.read() == b"{}\n"


def test_what_lies_in_the_commit_is_not_fetched(world: World, chart_repository: str, library: Path) -> None:
    needs(world, chart_repository)
    world.commit({"chart/charts/lib-1.2.3.tgz": library.read_bytes()})
    library.unlink()
    assert "orders/charts/lib/Chart.yaml" in packaged(world)


@pytest.mark.parametrize("where", ["file:///usr", "file://../../library/lib"])
def test_a_folder_outside_the_commit_is_refused(world: World, library: Path, where: str) -> None:
    assert library.is_file()
    needs(world, where, lock=False)
    with pytest.raises(Refused, match="which its commit does not hold"):
        packaged(world)


def test_without_a_lock_nothing_says_which(world: World, chart_repository: str) -> None:
    needs(world, chart_repository, lock=False)
    with pytest.raises(Refused, match=r"needs lib.* nor a Chart\.lock") as error:
        packaged(world)
    assert "helm dependency update" in error.value.remedy


def test_without_a_lock_what_charts_holds_of_others_is_not_enough(world: World, chart_repository: str) -> None:
    needs(world, chart_repository, lock=False)
    world.commit({"chart/charts/other/Chart.yaml": "apiVersion: v2\nname: other\nversion: 1.0.0\n"})
    with pytest.raises(Refused, match=r"needs lib, and its commit"):
        packaged(world)
    (world.checkout / "chart/charts/other/Chart.yaml").unlink()
    world.commit({f"chart/charts/renamed/{name}": text for name, text in LIBRARY.items()})
    assert "orders/charts/lib/Chart.yaml" in packaged(world)


def test_a_repository_that_does_not_answer_is_named(world: World, chart_repository: str, library: Path) -> None:
    needs(world, chart_repository)
    (library.parent / "index.yaml").unlink()
    with pytest.raises(Refused, match=rf"{chart_repository}/index\.yaml.*404"):
        packaged(world)


def test_a_lock_of_something_else_is_refused(world: World, chart_repository: str) -> None:
    needs(world, chart_repository)
    needs(world, chart_repository, lock=False, version=">=1.0.0")
    with pytest.raises(Refused, match="out of sync"):
        packaged(world)


def test_a_repository_that_lost_the_chart_is_refused(world: World, chart_repository: str, library: Path) -> None:
    needs(world, chart_repository)
    library.unlink()
    with pytest.raises(Refused, match=r"lib-1\.2\.3\.tgz"):
        packaged(world)


def test_a_list_of_helms_repositories_that_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repositories.yaml").write_text("a: [\n")
    monkeypatch.setenv("HELM_REPOSITORY_CONFIG", str(tmp_path / "repositories.yaml"))
    with pytest.raises(Refused, match=r"Helm's .*repositories\.yaml cannot be read"), known(["https://example.org"]):
        pass
