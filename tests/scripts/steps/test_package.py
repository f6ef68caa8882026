"""What lies in the .tgz is what the release commit holds, and the same bytes everywhere."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from scripts.document import Waybill, chart_of
from scripts.errors import Refused
from scripts.steps.package import package
from tests.support.builders import DEPLOYMENT, TOP, VALUES, World, git
from tests.support.release import bumped, checkout
from tools.demo.image import crane


def packaged(world: World, waybill: Waybill | None = None, **flags: Any) -> dict[str, bytes]:
    """The files of the .tgz, by their path in the chart."""
    release = waybill or bumped(world, world.image())
    made = package(release, checkout(world, **flags))
    return contents((world.folder / "out" / f"{world.service}-{made.chart.version}.tgz").read_bytes())  # type: ignore[union-attr]


def contents(tgz: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(tgz)) as tar:
        return {member.name.split("/", 1)[1]: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def refusal(world: World, **flags: Any) -> Refused:
    with pytest.raises(Refused) as error:
        packaged(world, **flags)
    assert not list((world.folder / "out").glob("*"))
    return error.value


def run(checkout: Path, *args: str, umask: int = 0o022, **env: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "scripts", *args],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(TOP), **env},
        capture_output=True,
        umask=umask,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def release_commit(checkout: Path) -> str:
    return str(json.loads((checkout / ".waybill/orders.json").read_bytes())["source"]["release_commit"])


@pytest.mark.long
def test_two_checkouts_make_the_same_chart(world: World) -> None:
    world.commit({"chart/files/text": "a\r\nb\n", "chart/.helmignore": "*.md\n", "chart/notes.md": "Not shipped.\n"})
    image, other = world.image(), world.folder / "an other place" / "ördner"
    git(world.folder, "-c", "core.autocrlf=true", "clone", "--quiet", str(world.origin), str(other))
    git(other, "config", "core.autocrlf", "true")
    for path in other.rglob("*"):
        if ".git" not in path.parts:
            os.utime(path, (1, 1))
    (other / "chart/values.yaml").write_text("somebody: is editing\n")
    (other / "chart/files/secret").write_text("never committed\n")
    # `waybill bump` would refuse to overwrite the edited file, so the waybill travels.
    run(world.checkout, "bump", "--image", image)
    git(world.checkout, "push", "--quiet", "origin", f"{release_commit(world.checkout)}:refs/tags/orders-0.1.0")
    git(other, "fetch", "--quiet", "--tags")
    shutil.copytree(world.checkout / ".waybill", other / ".waybill")
    elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "HELM_NAMESPACE": "no", "HELM_DEBUG": "true"}
    archives, digests = [], []
    for clone, umask, env in ((world.checkout, 0o022, {"TZ": "UTC"}), (other, 0o077, elsewhere)):
        charts = f"{world.registry}/{world.folder.name}-{len(digests)}"
        for step in ("package", "publish"):
            run(clone, step, "--registry", f"oci://{charts}", umask=umask, **env)
        archives.append((clone / ".waybill/orders-0.1.0.tgz").read_bytes())
        digests.append(crane("digest", "--insecure", f"{charts}/orders:0.1.0"))
    assert archives[0] == archives[1]
    assert digests[0] == digests[1]
    assert contents(archives[0]).keys() == {
        "Chart.yaml", "values.yaml", "templates/deployment.yaml", "files/text", ".helmignore",
    }  # fmt: skip
    assert contents(archives[0])["files/text"] == b"a\r\nb\n"


def test_attributes_and_the_work_tree_change_nothing(world: World) -> None:
    world.commit(
        {
            "chart/.gitattributes": "*.txt text eol=crlf\nhidden export-ignore\nident ident\n",
            "chart/files/a.txt": "one\ntwo\n",
            "chart/files/hidden": "shipped all the same\n",
            "chart/files/ident": "$Id$\n",
            "chart/files/ünïcode name": "x\n",
        }
    )
    release = bumped(world, world.image())
    (world.checkout / "chart/files/a.txt").write_text("edited\n")
    (world.checkout / "chart/files/ident").unlink()
    (world.checkout / "chart/files/untracked").write_text("new\n")
    found = packaged(world, release)
    assert found["files/a.txt"] == b"one\ntwo\n"
    assert found["files/hidden"] == b"shipped all the same\n"
    assert found["files/ident"] == b"$Id$\n"
    assert found["files/ünïcode name"] == b"x\n"
    assert "files/untracked" not in found
    assert f"digest: {release.images[0].digest}".encode() in found["values.yaml"].replace(b'"', b"")


@pytest.mark.long
def test_an_image_key_that_no_container_uses_is_refused_with_the_template(world: World) -> None:
    used = '"{{ .Values.image.repository }}@{{ .Values.image.digest }}"'
    world.commit({"chart/templates/deployment.yaml": DEPLOYMENT.replace(used, "nginx:1.2")})
    error = refusal(world)
    assert "nginx:1.2 (orders/templates/deployment.yaml)" in error.what
    assert "image.digest in chart/values.yaml" in error.what
    assert ".Values.image.digest" in error.remedy
    world.commit({"chart/templates/deployment.yaml": "{{ if .Values.enabled }}\n" + DEPLOYMENT + "{{ end }}\n"})
    error = refusal(world)
    assert "no container at all" in error.what
    world.commit({"ci/enabled.yaml": "enabled: true\n"})
    assert packaged(world, values=("ci/enabled.yaml",))


def test_a_registry_that_goes_before_the_repository_is_refused(world: World) -> None:
    values = VALUES.replace("image:\n", "image:\n  registry: docker.io\n")
    template = DEPLOYMENT.replace(
        "{{ .Values.image.repository", "{{ .Values.image.registry }}/{{ .Values.image.repository"
    )
    world.commit({"chart/values.yaml": values, "chart/templates/deployment.yaml": template})
    error = refusal(world)
    assert f"container web runs docker.io/{world.registry}/" in error.what
    assert "`registry` in [image]" in error.remedy
    world.commit({"chart/templates/deployment.yaml": DEPLOYMENT})
    assert packaged(world)


def test_any_container_counts_however_deep(world: World) -> None:
    job = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "@daily"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: a, image: busybox}]
          initContainers:
            - {name: b, image: "{{ .Values.image.repository }}:1@{{ .Values.image.digest }}"}
"""
    world.commit({"chart/templates/deployment.yaml": job})
    assert packaged(world)


def test_a_digest_beside_a_container_does_not_count(world: World) -> None:
    text = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  image: "{{ .Values.image.repository }}@{{ .Values.image.digest }}"
  pod: |
    containers:
      - image: "{{ .Values.image.repository }}@{{ .Values.image.digest }}"
"""
    world.commit({"chart/templates/deployment.yaml": text})
    assert "it stands only at orders/templates/deployment.yaml, ConfigMap/c, data.image" in refusal(world).what


@pytest.mark.parametrize(
    ("template", "cause"),
    [
        ("{{ fail `not without a host` }}", "not without a host"),
        ("kind: [", "templates/more.yaml"),
        ("{{ .Values.nothing.below }}", "templates/more.yaml"),
        ("just: text\n", "templates/more.yaml"),
    ],
)
def test_a_chart_that_does_not_render_is_refused_with_its_cause(world: World, template: str, cause: str) -> None:
    world.commit({"chart/templates/more.yaml": template})
    error = refusal(world)
    assert cause in error.what
    assert error.fault == "chart"


def test_values_files_are_the_commits_and_keep_their_types(world: World) -> None:
    schema = '{"required": ["port"], "properties": {"port": {"type": "integer"}}}'
    needs = DEPLOYMENT.replace("{{ .Values.greeting | quote }}", "{{ .Values.port | int64 | quote }}")
    world.commit(
        {"chart/values.schema.json": schema, "chart/templates/deployment.yaml": needs, "ci/v.yaml": "port: 12345678\n"}
    )
    (world.checkout / "ci/v.yaml").write_text("port: not a number\n")
    assert "port" in refusal(world).what
    error = refusal(world, values=("ci/other.yaml",))
    assert "ci/other.yaml" in error.what
    assert error.fault == "repository"
    assert packaged(world, values=("ci/v.yaml",))


def test_links_inside_the_repository_ship_what_they_name(world: World) -> None:
    world.commit({"docs/shared.txt": "shared\n", "docs/more/deep.txt": "deep\n"})
    (world.checkout / "chart/files").mkdir()
    (world.checkout / "chart/files/file.txt").symlink_to("../../docs/shared.txt")
    (world.checkout / "chart/files/folder").symlink_to("../../docs/more")
    world.commit({})
    found = packaged(world)
    assert found["files/file.txt"] == b"shared\n"
    assert found["files/folder/deep.txt"] == b"deep\n"


@pytest.mark.parametrize(
    "target", ["/etc/hostname", "../../../../../../../../etc/hostname", "nothing", "loop", "../../way/out"]
)
def test_links_to_elsewhere_are_refused(world: World, target: str) -> None:
    for place, name in (("chart/files", target), ("way", "/etc")):
        (world.checkout / place).mkdir()
        (world.checkout / place / ("loop" if place != "way" else "out")).symlink_to(name)
    world.commit({})
    error = refusal(world)
    assert "files/loop" in error.what
    assert target in error.what


def test_a_submodule_is_refused(world: World) -> None:
    head = git(world.checkout, "rev-parse", "HEAD")
    git(world.checkout, "update-index", "--add", "--cacheinfo", f"160000,{head},chart/charts/other")
    git(world.checkout, "commit", "--quiet", "-m", "A submodule")
    assert "charts/other in the chart is a submodule" in refusal(world).what


def test_without_a_release_commit_there_is_nothing_to_package(world: World) -> None:
    release = bumped(world, world.image())
    git(world.checkout, "gc", "--quiet", "--prune=now")
    with pytest.raises(Refused, match="not in this clone"):
        packaged(world, release)


def test_values_of_the_image_alone_differ_from_the_source(world: World) -> None:
    found = packaged(world)
    assert found["values.yaml"].decode().splitlines()[0] == VALUES.splitlines()[0]


def test_an_image_by_a_tag_that_is_the_commit_is_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    packaged(world)
    assert "warning" not in capsys.readouterr().err
    world.commit(
        {"chart/templates/deployment.yaml": DEPLOYMENT + '        - {name: b, image: "b:{{ .Chart.AppVersion }}"}\n'}
    )
    packaged(world)
    assert f"the chart runs b:{git(world.checkout, 'rev-parse', 'HEAD')[:12]} too" in capsys.readouterr().err
    packaged(world, app_version=False)
    assert "warning" not in capsys.readouterr().err


def test_a_chart_of_another_version_than_the_waybills_is_refused(world: World) -> None:
    release, here = bumped(world, world.image()), checkout(world)
    other = structs.replace(release, chart=structs.replace(chart_of(release), version="9.9.9"))
    with pytest.raises(Refused, match=r"the waybill says orders 9\.9\.9"):
        package(other, here)


PARSED = '{{- if semverCompare ">= 1.0.0" %s }}{{- end }}\n'


@pytest.mark.long
def test_the_app_version_is_named_where_it_is_the_cause_and_nowhere_else(world: World) -> None:
    """Helm says the same of both."""
    files = {"chart/Chart.yaml": world.chart.format(service="orders").replace("none", "1.2.3")}
    world.commit({**files, "chart/templates/x.yaml": PARSED % ".Chart.AppVersion"})
    assert "set `app_version = false`" in refusal(world).remedy
    packaged(world, app_version="false", waybill=as_committed(world, "1.2.3"))
    shutil.rmtree(world.folder / "out")
    world.commit({"chart/templates/x.yaml": PARSED % ".Values.image.digest"})
    assert "app_version" not in refusal(world).remedy


def as_committed(world: World, app_version: str) -> Waybill:
    """A release whose Chart.yaml keeps the appVersion of the source."""
    release = bumped(world, world.image())
    here = checkout(world)
    commit = str(release.source.release_commit)
    chart = (here.git.blob(commit, "chart/Chart.yaml") or b"").replace(release.source.commit[:12].encode(), b"1.2.3", 1)
    tree = here.git.write_tree(commit, {"chart/Chart.yaml": chart})
    made = here.git.commit_tree(tree, [release.source.commit], "x", 1)
    return structs.replace(release, source=structs.replace(release.source, release_commit=made))


def test_a_value_that_the_chart_requires_is_named_with_the_setting_that_gives_it(world: World) -> None:
    world.commit({"chart/templates/x.yaml": '{{ required "name the host" .Values.host }}\n'})
    error = refusal(world)
    assert "name the host" in error.what
    assert "name a values file in `values`" in error.remedy
