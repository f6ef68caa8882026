"""The tag goes first, and what is published is never overwritten."""

import gzip
import io
import os
import shutil
import subprocess
import tarfile
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from scripts.chart.archive import same_content
from scripts.clients.helm import Helm
from scripts.clients.manifest import CHART_LAYER, PROVENANCE_LAYER
from scripts.document import Waybill, chart_of
from scripts.errors import Refused
from scripts.steps.package import package
from scripts.steps.publish import Overtaken, look, publish
from tests.support.builders import World, git, program
from tests.support.release import bumped, checkout
from tests.support.scripts.archives import bomb, forged, push_layers, with_a_second_member, with_garbage
from tests.support.scripts.everything import everything
from tools.demo.image import crane

Edit = Callable[[str, bytes], bytes | None]


@dataclass
class Ready:
    """A packaged release of `world`."""

    world: World
    waybill: Waybill
    archive: Path

    def publish(self, **flags: Any) -> Waybill:
        return publish(self.waybill, checkout(self.world, **flags))

    def look(self) -> str | None:
        return look(self.waybill, checkout(self.world))

    @property
    def registry(self) -> str:
        return str(chart_of(self.waybill).repository)

    @property
    def reference(self) -> str:
        return f"{self.registry.removeprefix('oci://')}/orders:0.1.0"

    def digest(self) -> str:
        return crane("digest", "--insecure", self.reference)

    def push(self, archive: Path) -> str:
        """Publishes another file under this release's version, as anybody might; its manifest's digest."""
        Helm().push(archive, self.registry, plain_http=True)
        return self.digest()


@pytest.fixture
def ready(world: World) -> Ready:
    release = bumped(world, world.image())
    made = package(release, checkout(world))
    return Ready(world, made, world.folder / "out/orders-0.1.0.tgz")


def rewritten(archive: Path, folder: Path, data: bytes) -> Path:
    folder.mkdir()
    (folder / archive.name).write_bytes(data)
    return folder / archive.name


def recompressed(archive: Path, folder: Path) -> Path:
    """The same tar, compressed anew."""
    return rewritten(archive, folder, gzip.compress(gzip.decompress(archive.read_bytes()), zlib.Z_BEST_SPEED))


def repacked(archive: Path, folder: Path, edit: Edit) -> Path:
    """The chart in a new tar, with what `edit` makes of each file; None leaves it out."""
    plain = io.BytesIO()
    with tarfile.open(archive) as old, tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as new:
        for member in old:
            file = old.extractfile(member)
            assert file
            data = edit(member.name, file.read())
            if data is not None:
                member.size = len(data)
                new.addfile(member, io.BytesIO(data))
    return rewritten(archive, folder, gzip.compress(plain.getvalue()))


def test_the_tag_and_the_chart_are_there_and_repeating_changes_nothing(ready: Ready) -> None:
    assert ready.look() is None
    done = ready.publish()
    assert done
    assert ready.world.tags() == {"orders-0.1.0": ready.waybill.source.release_commit}
    assert chart_of(done).digest == ready.digest() == ready.look()
    pull = ["helm", "pull", "--plain-http", f"{ready.registry}/orders", "--version", "0.1.0"]
    subprocess.run(pull, cwd=ready.world.folder, check=True, capture_output=True)
    assert (ready.world.folder / "orders-0.1.0.tgz").read_bytes() == ready.archive.read_bytes()
    os.utime(ready.archive, (1, 1))
    assert ready.publish() == done
    assert chart_of(done).digest == ready.digest()


def test_a_copied_archive_gives_the_same_manifest(ready: Ready) -> None:
    first = ready.publish()
    crane("delete", "--insecure", f"{ready.reference.partition(':0.1.0')[0]}@{ready.digest()}")
    os.utime(ready.archive, (1_000_000_000, 1_000_000_000))
    assert ready.look() is None
    assert ready.publish() == first


def test_who_comes_second_gets_no_version_and_pushes_nothing(ready: Ready) -> None:
    git(ready.world.checkout, "push", "--quiet", "origin", "HEAD:refs/tags/orders-0.1.0")
    before = ready.world.tags()
    with pytest.raises(Overtaken, match=r"has the tag orders-0\.1\.0 on another commit"):
        ready.publish()
    assert ready.world.tags() == before
    assert ready.look() is None


def test_without_a_registry_only_the_tag_is_set(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    here = checkout(world)
    here = structs.replace(here, config=structs.replace(here.config, registry=None))
    made = package(bumped(world, world.image()), here)
    assert look(made, here) is None
    assert publish(made, here) == made
    assert list(world.tags()) == ["orders-0.1.0"]
    assert "no registry is configured" in capsys.readouterr().err


def test_the_same_content_in_another_compression_is_this_release(ready: Ready) -> None:
    other = recompressed(ready.archive, ready.world.folder / "other")
    assert other.read_bytes() != ready.archive.read_bytes()
    manifest = ready.push(other)
    done = ready.publish()
    assert done
    assert chart_of(done).digest == manifest == ready.digest() == ready.look()
    assert chart_of(done).archive != chart_of(ready.waybill).archive


@pytest.mark.parametrize(
    "edit",
    [
        lambda name, data: data + b"replicas: 7\n" if name.endswith("values.yaml") else data,
        lambda name, data: data.replace(b"hello", b"howdy"),
        lambda name, data: None if name.endswith("deployment.yaml") else data,
    ],
)
def test_other_content_is_refused_with_both_digests_and_stays(ready: Ready, edit: Edit) -> None:
    manifest = ready.push(repacked(ready.archive, ready.world.folder / "other", edit))
    for attempt in (ready.publish, ready.look):
        with pytest.raises(Refused, match="published with other content") as error:
            attempt()
        assert manifest in error.value.what
        assert str(chart_of(ready.waybill).archive) in error.value.what
        assert "never overwritten" in error.value.remedy
    assert ready.digest() == manifest


@pytest.mark.long
@pytest.mark.parametrize("forge", [forged, with_garbage, with_a_second_member, bomb])
def test_what_helm_may_read_otherwise_is_other_content(ready: Ready, forge: Callable[[bytes], bytes]) -> None:
    other = rewritten(ready.archive, ready.world.folder / "other", forge(ready.archive.read_bytes()))
    push_layers(ready.reference, [(CHART_LAYER, other.read_bytes())])
    manifest, before = ready.digest(), everything(ready.world)
    with pytest.raises(Refused, match="published with other content"):
        ready.look()
    assert everything(ready.world) == before
    with pytest.raises(Refused, match="published with other content"):
        ready.publish()
    assert ready.digest() == manifest


def test_python_does_not_see_the_forged_member_and_helm_renders_it(ready: Ready) -> None:
    other = rewritten(ready.archive, ready.world.folder / "other", forged(ready.archive.read_bytes()))
    with tarfile.open(other) as tar, tarfile.open(ready.archive) as own:
        assert tar.getnames() == own.getnames()
    assert b"kind: ClusterRoleBinding" in Helm().template(other, name="orders", namespace="apps")


@pytest.mark.parametrize("media_type", ["application/tar+gzip", "application/vnd.oci.image.layer.v1.tar+gzip"])
@pytest.mark.parametrize("first", [True, False])
def test_a_layer_that_another_client_may_take_for_the_chart_is_other_content(
    ready: Ready, media_type: str, first: bool
) -> None:
    ours = ready.archive.read_bytes()
    layers = [(CHART_LAYER, ours), (media_type, forged(ours))]
    push_layers(ready.reference, layers[::-1] if first else layers)
    with pytest.raises(Refused, match="published with other content"):
        ready.look()


def test_a_signature_after_the_chart_is_no_other_content(ready: Ready) -> None:
    ours = ready.archive.read_bytes()
    layers = [(CHART_LAYER, ours), (PROVENANCE_LAYER, b"signed")]
    push_layers(ready.reference, layers)
    assert ready.look() == ready.digest()
    # The first layer is what an OCIRepository without a selector gives Flux.
    for other in ([(PROVENANCE_LAYER, forged(ours)), layers[0]], [*layers, layers[1]]):
        push_layers(ready.reference, other)
        with pytest.raises(Refused, match="published with other content"):
            ready.look()


def test_a_layer_that_is_no_chart_is_other_content(ready: Ready) -> None:
    whole = ready.archive.read_bytes()
    assert same_content(whole, whole)
    for layer in (b"", b"no archive", gzip.compress(b"no tar", mtime=0), b"\x1f\x8b\x08" + bytes(600), whole[:-40]):
        assert not same_content(layer, whole)
        assert not same_content(whole, layer)
    for place in range(100, len(whole)):
        assert not same_content(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :], whole)


@pytest.mark.long
def test_a_bomb_takes_no_memory(ready: Ready) -> None:
    ours = ready.archive.read_bytes()
    other = bomb(ours)
    tracemalloc.start()
    assert not same_content(other, ours)
    assert tracemalloc.get_traced_memory()[1] < 2**20 + len(other)
    tracemalloc.stop()


def test_what_is_no_chart_is_refused(ready: Ready) -> None:
    image = ready.world.image()
    crane("copy", "--insecure", image, ready.reference)
    with pytest.raises(Refused, match="no chart"):
        ready.publish()


def test_a_chart_of_another_repository_is_refused_with_both(ready: Ready) -> None:
    first = ready.publish()
    source = structs.replace(ready.waybill.source, repository="https://example.org/somebody/orders")
    ready.waybill = structs.replace(ready.waybill, source=source)
    with pytest.raises(Refused) as error:
        ready.publish()
    assert "https://example.org/acme/orders" in error.value.what
    assert "https://example.org/somebody/orders" in error.value.what
    assert first
    assert ready.digest() == chart_of(first).digest


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.write_bytes(b"other")])
def test_an_archive_that_package_did_not_make_sets_no_tag(ready: Ready, change: Any) -> None:
    change(ready.archive)
    with pytest.raises(Refused, match="not the chart that the waybill names"):
        ready.publish()
    assert ready.world.tags() == {}


def test_a_registry_that_is_down_is_found_before_the_tag_is_out(ready: Ready) -> None:
    with pytest.raises(Refused, match="cannot be reached") as error:
        ready.publish(registry="oci://127.0.0.1:1/charts")
    assert error.value.fault == "registry"
    assert ready.world.tags() == {}


def test_a_push_that_fails_leaves_the_version_reserved_and_the_same_command_completes(
    ready: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "helm", "echo broken pipe >&2; exit 1")
    with monkeypatch.context() as without:
        without.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        with pytest.raises(Refused, match=r"did not accept orders-0\.1\.0\.tgz: broken pipe") as error:
            ready.publish()
    assert "helm registry login" in error.value.remedy
    assert list(ready.world.tags()) == ["orders-0.1.0"]
    assert chart_of(ready.publish()).digest == ready.digest()


def test_an_archive_that_package_did_not_make_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="is not the chart that the waybill names"):
        publish(bumped(world, world.image()), checkout(world))


def test_a_registry_that_takes_a_chart_and_does_not_show_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = checkout(world)
    release = package(bumped(world, world.image()), here)
    program(tmp_path, "helm", f'[ "$1" = push ] || exec {shutil.which("helm")} "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Refused, match=r"accepted orders 0\.1\.0 and does not list it"):
        publish(release, here)
