"""What a real registry holds is read right."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from scripts.clients.manifest import MANIFESTS
from scripts.clients.registry import Registry, split
from scripts.errors import Refused
from tools.demo.image import crane, push_image

PARTS = ("os", "architecture", "variant")
ABSENT = f"sha256:{'0' * 64}"


@pytest.fixture
def repository(registry: str, tmp_path: Path) -> str:
    return f"{registry}/{tmp_path.name}"


def test_an_image_tells_its_platform_and_an_index_all_of_them(repository: str) -> None:
    one = push_image(repository, platforms=("linux/arm64",))
    assert Registry().manifests(repository, one) == {"linux/arm64": one}
    both = push_image(f"{repository}-index", platforms=("linux/amd64", "linux/arm/v7"))
    index = json.loads(crane("manifest", "--insecure", f"{repository}-index@{both}"))
    listed = {
        "/".join(it["platform"][key] for key in PARTS if key in it["platform"]): it["digest"]
        for it in index["manifests"]
    }
    assert Registry().manifests(f"{repository}-index", both) == listed
    assert (listed.keys(), both in listed.values()) == ({"linux/amd64", "linux/arm/v7"}, False)


def test_an_attestation_is_no_platform(repository: str) -> None:
    digest = push_image(repository, platforms=("linux/amd64", "unknown/unknown"))
    assert list(Registry().manifests(repository, digest)) == ["linux/amd64"]


def test_an_image_that_is_not_there_is_the_users_to_push(repository: str) -> None:
    push_image(repository)
    for where in (repository, f"{repository}-never-made"):
        with pytest.raises(Refused, match="holds no sha256:0000") as error:
            Registry().manifests(where, ABSENT)
        assert error.value.fault == "you"


def test_a_chart_is_no_image(repository: str, registry: str, tmp_path: Path) -> None:
    chart = tmp_path / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text(f"apiVersion: v2\nname: {tmp_path.name.replace('_', '-')}\nversion: 1.0.0\n")
    subprocess.run(["helm", "package", chart, "--destination", tmp_path], check=True, capture_output=True)
    archive = next(tmp_path.glob("*.tgz"))
    subprocess.run(["helm", "push", archive, f"oci://{registry}", "--plain-http"], check=True, capture_output=True)
    where = f"{registry}/{tmp_path.name.replace('_', '-')}"
    assert Registry().tags(where) == ["1.0.0"]
    with pytest.raises(Refused, match="no container image"):
        Registry().manifests(where, crane("digest", "--insecure", f"{where}:1.0.0"))


def test_absent_is_none_and_no_tag(repository: str) -> None:
    assert Registry().manifest(repository, "1.0.0") is None
    assert Registry().manifest(repository, ABSENT) is None
    assert Registry().tags(repository) == []


def test_a_manifest_by_tag_and_by_digest_is_one(repository: str) -> None:
    digest = push_image(repository)
    crane("tag", "--insecure", f"{repository}@{digest}", "1.0.0_meta")
    by_tag, by_digest = (Registry().manifest(repository, name) for name in ("1.0.0_meta", digest))
    assert by_tag
    assert by_tag == by_digest
    assert by_tag.digest == digest
    assert Registry().blob(repository, by_tag.layers[0].digest)


def test_a_blob_that_is_not_there_is_refused(repository: str) -> None:
    push_image(repository)
    with pytest.raises(Refused, match="it is not there"):
        Registry().blob(repository, ABSENT)


@pytest.mark.long
def test_more_tags_than_one_page_holds(repository: str) -> None:
    push_image(repository)
    host, _, name = repository.partition("/")
    with httpx.Client(base_url=f"http://{host}/v2/{name}/manifests/") as client:
        manifest = client.get("blank", headers={"Accept": MANIFESTS}).raise_for_status()
        kind = {"Content-Type": manifest.headers["Content-Type"]}
        for number in range(1100):
            client.put(f"0.0.{number}", content=manifest.content, headers=kind).raise_for_status()
    versions = {tag for tag in Registry().tags(repository) if tag.startswith("0.0.")}
    assert versions == {f"0.0.{number}" for number in range(1100)}


@pytest.mark.parametrize(
    ("given", "host", "name"),
    [
        ("ghcr.io/acme/orders", "ghcr.io", "acme/orders"),
        ("localhost/orders", "localhost", "orders"),
        ("host:5000/orders", "host:5000", "orders"),
        ("[::1]:5000/orders", "[::1]:5000", "orders"),
        ("acme/orders", "registry-1.docker.io", "acme/orders"),
        ("orders", "registry-1.docker.io", "library/orders"),
        ("docker.io/orders", "registry-1.docker.io", "library/orders"),
        ("index.docker.io/acme/orders", "registry-1.docker.io", "acme/orders"),
    ],
)
def test_a_repository_is_read_as_container_tools_read_it(given: str, host: str, name: str) -> None:
    assert split(given) == (host, name)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Acme/Orders",
        "example.org/Orders",
        "a b",
        "host.io/",
        "ghcr.io/a/../b",
        "user@host.io/a",
        "ghcr.io/a:tag",
        "host.io/a?b",
        "-x",
    ],
)
def test_what_is_no_repository_is_refused(given: str) -> None:
    with pytest.raises(Refused, match="no repository of a registry"):
        split(given)


@pytest.mark.parametrize("reference", ["", "a/b", "../x", "sha256:short", "x" * 129, "a b"])
def test_what_is_neither_digest_nor_tag_is_refused(repository: str, reference: str) -> None:
    with pytest.raises(Refused, match="neither a digest nor a tag"):
        Registry().manifest(repository, reference)
