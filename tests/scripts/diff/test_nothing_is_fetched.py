"""What a kustomization in the GitOps repo names elsewhere is not fetched, and the file that names it is told."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.diff.overlay import build
from scripts.errors import Refused
from tests.support.builders import git, program
from tests.support.chart_releases import TEMPLATES, Releases
from tests.support.registry_stand_in import answering, says

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
GENERATOR = "{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: a}, files: [a=ADDRESS]}"
NAMING = {
    "resources": "resources: [ADDRESS]",
    "components": "components: [ADDRESS]",
    "bases": "bases: [ADDRESS]",
    "a patch": "resources: [map.yaml]\npatches: [{path: ADDRESS}]",
    "an older patch": "resources: [map.yaml]\npatchesStrategicMerge: [ADDRESS]",
    "a file": "configMapGenerator: [{name: a, files: [a=ADDRESS]}]",
    "a file of variables": "secretGenerator: [{name: a, envs: [ADDRESS]}]",
    "a generator's own text": f"generators:\n- |\n  {GENERATOR}\n",
    "a generator's file": "generators: [generator.yaml]",
    "a folder that it names": "resources: [below]",
    "openapi": "resources: [map.yaml]\nopenapi: {path: ADDRESS}",
    "resources in capitals": "RESOURCES: [ADDRESS]",
    "a patch in another case": "resources: [map.yaml]\nPatches: [{Path: ADDRESS}]",
}


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and the requests that came."""
    asked: list[str] = []

    def behave(request: object) -> None:
        asked.append(request.path)  # type: ignore[attr-defined]
        says(200, MAP.encode())(request)  # type: ignore[arg-type]

    with answering(behave) as host:
        yield host, asked


def kustomization(root: Path, text: str, address: str) -> Path:
    folder = root / "apps/orders/staging"
    (folder / "below").mkdir(parents=True)
    for name, content in {
        "kustomization.yaml": text,
        "map.yaml": MAP,
        "generator.yaml": GENERATOR,
        "below/kustomization.yaml": NAMING["resources"],
    }.items():
        (folder / name).write_text(content.replace("ADDRESS", address))
    return folder


@pytest.mark.parametrize("naming", NAMING)
def test_an_address_of_http_is_not_asked(tmp_path: Path, naming: str, server: tuple[str, list[str]]) -> None:
    folder = kustomization(tmp_path, NAMING[naming], f"http://{server[0]}/a.yaml")
    with pytest.raises(Refused, match="which does not lie in the GitOps repo") as error:
        build(folder, tmp_path)
    assert error.value.what.startswith("apps/orders/staging/")
    assert f"http://{server[0]}/a.yaml" in error.value.what
    assert error.value.fault == "gitops"
    assert server[1] == []


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc",
        "git@github.com:acme/fleet.git",
        "github.com/acme/fleet//base?ref=main",
        "GitHub.com/acme/fleet",
        "ssh://git@example.org/acme/fleet",
        "git::https://example.org/acme/fleet",
        "HTTPS:example.org",
        "example.org/acme/fleet?ref=main",
        "/etc",
        "../../../../elsewhere",
    ],
)
def test_every_form_of_an_address_is_refused(tmp_path: Path, address: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder = kustomization(tmp_path / "repo", NAMING["resources"], address)
    with pytest.raises(Refused, match="which does not lie in the GitOps repo"):
        build(folder, tmp_path / "repo")


@pytest.mark.parametrize("path", ["/etc/hostname", "../../../../elsewhere", "b=../../../../elsewhere"])
def test_a_file_elsewhere_under_a_name_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "elsewhere").write_text("mine\n")
    folder = kustomization(tmp_path / "repo", NAMING["a file"], path)
    with pytest.raises(Refused):
        build(folder, tmp_path / "repo")


def test_a_name_that_no_file_can_have_is_kustomizes_to_refuse(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="kustomize build` failed"):
        build(kustomization(tmp_path, NAMING["resources"], "x" * 300), tmp_path)


def test_a_password_in_an_address_is_not_shown(tmp_path: Path) -> None:
    folder = kustomization(tmp_path, NAMING["resources"], "https://ada:hunter2@example.org/fleet")
    with pytest.raises(Refused) as error:
        build(folder, tmp_path)
    assert "hunter2" not in error.value.what


def test_what_lies_in_the_repo_is_built(tmp_path: Path) -> None:
    patch = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, path: /healthz, resources: [https://e.example]}"
    folder = kustomization(
        tmp_path,
        "resources: [map.yaml, ../base]\ncommonAnnotations: {a: 'https://e.example'}\n"
        f"patchesStrategicMerge:\n- |\n  {patch}\npatches:\n- patch: |\n    {patch}\n",
        "",
    )
    (folder.parent / "base").mkdir()
    (folder.parent / "base/kustomization.yaml").write_text("resources: [map.yaml]\n")
    (folder.parent / "base/map.yaml").write_text(MAP.replace("name: a", "name: b") + "path: /healthz\n")
    assert [item["metadata"]["name"] for item in build(folder, tmp_path)] == ["a", "b"]


def test_a_proposal_says_which_file_names_a_remote_base(
    releases: Releases, tmp_path: Path, server: tuple[str, list[str]]
) -> None:
    releases.merged("1.0.0", TEMPLATES)
    path = "apps/orders/staging/kustomization.yaml"
    git(tmp_path, "init", "--quiet", "bases")
    text = releases.repo.text(path)
    assert "resources:\n" in text
    releases.repo.commit({path: text.replace("resources:\n", f"resources:\n  - http://{server[0]}/a.yaml\n")})
    said = releases.changes(TEMPLATES)
    assert "It could not be rendered: apps/orders/staging/kustomization.yaml names `http://" in said
    assert server[1] == []


@pytest.mark.long
def test_no_program_gets_a_token(releases: Releases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hunter2\n")
    for name in ("WAYBILL_FORGE_TOKEN", "WAYBILL_LEDGER_TOKEN"):
        monkeypatch.setenv(name, "hunter2")
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "token"))
    releases.merged("1.0.0", TEMPLATES)
    for name in ("git", "helm", "kustomize"):
        program(
            tmp_path / "bin",
            name,
            f'echo {name} >>{tmp_path}/ran; env >>{tmp_path}/env; exec {shutil.which(name)} "$@"',
        )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    releases.publish("1.1.0", TEMPLATES)
    (tmp_path / "env").unlink()  # that of the test's own `helm push`
    releases.propose("1.1.0")
    assert set((tmp_path / "ran").read_text().split()) == {"git", "helm", "kustomize"}
    for secret in ("hunter2", "_TOKEN"):
        assert not [
            line for line in (tmp_path / "env").read_text().splitlines() if secret in line and "WAYBILL" in line
        ]


def laughs(depth: int) -> str:
    """A list that stands for ten to the power of `depth`."""
    lists = ["a: &a0 [b]\n", *(f"a{it}: &a{it} [{', '.join([f'*a{it - 1}'] * 10)}]\n" for it in range(1, depth))]
    return "".join(lists)


@pytest.mark.parametrize("text", ["resources: [map.yaml\n", laughs(9)], ids=["no YAML", "aliases without end"])
def test_what_cannot_be_read_is_not_built(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused, match=r"staging/kustomization\.yaml cannot be read, so what it fetches is not known"):
        build(kustomization(tmp_path, text, ""), tmp_path)
