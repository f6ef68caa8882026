"""What an archive holds is what Helm reads in it: Python stops at a member that Helm goes on to."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from msgspec import structs

from scripts.chart.manifests import read_output
from scripts.chart.renderer import Renderer
from scripts.diff.repo import Shipped, opened
from scripts.document import chart_of, digest_of
from scripts.errors import Refused
from scripts.forges.file import FileForge
from scripts.yaml.objects import Object
from tests.support.builders import CHART, World
from tests.support.chart_releases import TEMPLATES, Releases
from tests.support.scripts.archives import END, member, push_layers
from tests.support.scripts.rendered import pod, rendered

DEFINITION = (
    b"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.org}\n"
)


def with_member(archive: bytes, name: str, data: bytes) -> bytes:
    """The chart with one more file, after a header that Python takes for the end."""
    stream = gzip.decompress(archive)
    with tarfile.open(fileobj=io.BytesIO(stream)) as tar:
        last = max(tar, key=lambda it: it.offset_data)
    end = last.offset_data + last.size + -last.size % 512
    return gzip.compress(stream[:end] + member(name, data) + END, mtime=0)


def library() -> bytes:
    out, text = io.BytesIO(), b"apiVersion: v2\nname: lib\nversion: 1.0.0\n"
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        it = tarfile.TarInfo("lib/Chart.yaml")
        it.size = len(text)
        tar.addfile(it, io.BytesIO(text))
    return out.getvalue()


@pytest.mark.long
def test_what_a_packed_dependency_asks_of_the_cluster_is_found(world: World) -> None:
    hidden = with_member(library(), "lib/templates/a.yaml", b'{{ if lookup "v1" "Secret" "a" "b" }}a: b{{ end }}')
    chart = CHART.format(service="orders") + "dependencies: [{name: lib, version: 1.0.0}]\n"
    world.commit({"chart/Chart.yaml": chart, "chart/charts/lib-1.0.0.tgz": hidden})
    ran = world.waybill("plan", "--json", "--image", world.image())
    assert ran.code == 0, ran.stderr
    assert ran.json["not_seen"] == ["what `lookup` finds in the cluster (orders/charts/lib/templates/a.yaml)"]


@pytest.mark.long
def test_a_definition_that_runs_there_is_the_one_that_helm_reads(releases: Releases) -> None:
    releases.merged("1.0.0", TEMPLATES)
    archive = (releases.repo.folder / "chart-1.0.0/orders-1.0.0.tgz").read_bytes()
    hidden = with_member(archive, "orders/crds/things.yaml", DEFINITION)
    place = f"{releases.repository.removeprefix('oci://')}/orders:1.0.0"
    push_layers(place, [("application/vnd.cncf.helm.chart.content.v1.tar+gzip", hidden)])
    assert "The chart's crds/ changes" in releases.changes(TEMPLATES)


def test_no_template_passes_for_a_definition(releases: Releases) -> None:
    posing = f"kind: A\nmetadata: {{name: a}}\n---\n# Source: orders/crds/b.yaml\n{pod('nginx:1', name='b')}"
    releases.publish("1.0.0", {"posing": posing, "crds/things.yaml": DEFINITION.decode()})
    chart = Path(releases.repo.folder, "chart-1.0.0/orders-1.0.0.tgz")
    found = Renderer(None).render(chart, name="orders", namespace="apps")
    assert DEFINITION.strip() in found.definitions
    assert b"nginx" not in found.definitions
    assert {name(item) for item in found.objects} == {"a", "b"}


def name(item: Object) -> str:
    return str(item["metadata"]["name"])


def test_a_chart_without_templates_has_definitions_alone() -> None:
    text = b"---\n# Source: orders/charts/lib/crds/a.yaml\n" + DEFINITION
    assert (read_output(text).definitions, read_output(text).objects) == (text, [])
    assert read_output(rendered(web=pod("a"))).definitions == b""


def test_another_chart_than_was_packaged_is_refused_where_the_package_is_gone(releases: Releases) -> None:
    releases.publish("1.0.0", TEMPLATES)
    chart = chart_of(releases.waybill("1.0.0"))
    packaged = digest_of(Path(releases.repo.folder, "chart-1.0.0/orders-1.0.0.tgz").read_bytes())
    settings = releases.repo.change(releases.waybill("1.0.0")).config
    with opened(FileForge(str(releases.repo.bare)), Renderer(None), settings) as repo:
        same = Shipped("orders", structs.replace(chart, archive=packaged), ("staging",), None, {})
        assert digest_of(repo.shipped_chart(same).read_bytes()) == packaged
        other = Shipped("orders", structs.replace(chart, archive=f"sha256:{'a' * 64}"), ("staging",), None, {})
        with pytest.raises(Refused, match=r"has another chart under sha256:.* than was packaged, sha256:aaaa"):
            repo.shipped_chart(other)
