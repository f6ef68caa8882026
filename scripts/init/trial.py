"""Tries image keys as ship would use them: the chart of HEAD with a digest that nothing has, packaged and judged."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from ..chart.build import archive_of
from ..chart.containers import containers_of
from ..chart.images import Released, findings
from ..chart.renderer import Renderer
from ..clients.git import Git
from ..config import Config, load
from ..errors import Refused
from ..image import keys
from ..image.blocks import RENDERED
from ..image.name import full
from ..image.pins import renderers
from ..image.tag import tag_of
from ..marker import marked, markers
from ..report import Notes
from ..source.checkout import Checkout
from ..steps.package import package
from ..yaml.objects import read
from .candidates import Group, groups, likely

PLAUSIBLE = "0" * 11 + "c"  # what stands for a commit
SPACE = "default"
MOST = 40  # keys that are tried


class ImageKeys(Struct, frozen=True):
    """The keys that work, as tables of waybill.toml; `others` are images of values.yaml that were not taken."""

    tables: list[dict[str, Any]]
    repository: str
    app_version: bool
    values: str
    others: tuple[str, ...] = ()

    @property
    def pinned(self) -> bool:
        """Whether no key works, and Flux sets the digest after rendering."""
        return any("post_render" in table for table in self.tables)


class Trials:
    """Of the chart in the folder `chart` of HEAD. `why` is what was wrong with the keys that came nearest."""

    def __init__(self, git: Git, chart: str, flags: dict[str, Any], folder: Path) -> None:
        self._git, self._chart, self._flags, self._folder = git, chart, flags, folder
        self.why = "its values.yaml has nothing that looks like an image"

    def config(self, tables: Any = None, **more: Any) -> Config:
        flags = {**self._flags, "chart": self._chart, **more} | ({"image_keys": tables} if tables else {})
        return load(flags, self._git, cwd=self._git.folder, remote="none")

    def find(self) -> ImageKeys | None:
        """The first keys that work; refused where the chart does not package or render as it is."""
        config = self.config()
        self._archive = archive_of(str(self._git.commit("HEAD")), config, self._git, self._new())
        self._renderer = Renderer(config.kube_version, config.flux_version, config.api_versions)
        values_file, images = self._rendered(config)
        text = self._git.blob("HEAD", config.in_chart("values.yaml")) or b""
        every = groups(next((it.value for it in read(text)), None), config.service)
        tries = 0
        for group in every:
            for blocks in group.blocks():
                tables = [{key: list(path) for key, path in block.items()} for block in blocks]
                tries += 1
                if tries <= MOST and (found := self._works(tables, group.repository, values_file)):
                    return _with_others(found, every)
        for image in sorted(images, key=lambda it: -likely(it, config.service)):
            if found := self._works([{"post_render": image}], image, values_file):
                return _with_others(found, every)
        return None

    def _rendered(self, config: Config) -> tuple[str, list[str]]:
        """The values file that the chart needs to render, "" where it needs none, and the images that it then runs, as
        it writes them."""
        first: Refused | None = None
        for file in ("", *_ci_values(self._git, self._chart)):
            try:
                found = self._renderer.render(
                    self._archive, name=config.service, namespace=SPACE, values_files=self._files(file)
                )
            except Refused as error:
                first = first or error
                continue
            named = (_bare(it.image) for it in containers_of(found.manifests) if not it.manifest.only_for)
            return file, list(dict.fromkeys(filter(None, named)))
        raise first or AssertionError

    def _works(self, tables: list[dict[str, Any]], repository: str, values: str) -> ImageKeys | None:
        more = {"values": values} if values else {}
        try:
            config = self.config(tables, **more)
            if not self._runs(config, values):
                return None
        except Refused as error:
            self.why = error.what.rstrip(".")
            return None
        for app_version in (True, False):
            try:
                config = self.config(tables, app_version=app_version, **more)
                here = Checkout(config, self._git, Notes(), self._new())
                package(marked(here), here)
                return ImageKeys(tables, repository, app_version, values)
            except Refused as error:
                self.why = error.what.rstrip(".")
        return None

    def _runs(self, config: Config, values: str) -> bool:
        """A quick look: whether the containers run the marker."""
        images, file = markers(config, self._git), config.in_chart("values.yaml")
        blocks = config.image_blocks
        tags = {key: tag_of(config.tag_text, it, PLAUSIBLE, "0.0.0") for key, it in images.items()}
        text = self._git.blob("HEAD", file) or b""
        edited = self._new() / "values.yaml"
        edited.write_bytes(keys.write([it for it in blocks if it.paths], text, images, tags, name=file))
        # The chart's own values come first, as they will.
        files = [edited, *self._files(values)]
        rendered = self._renderer.render(self._archive, name=config.service, namespace=SPACE, values_files=files)
        rendered = self._renderer.post_render(rendered, renderers(blocks, images))
        wanted = [
            Released(key, it.repository, it.digest, tuple(block for block in blocks if block.name == key), file)
            for key, it in images.items()
        ]
        wrong = next(findings(rendered.manifests, wanted), None)
        self.why = str(wrong) if wrong else self.why
        return wrong is None

    def _files(self, path: str) -> list[Path]:
        """A file of HEAD, "" for none."""
        if not path:
            return []
        file = self._new() / "more.yaml"
        file.write_bytes(self._git.blob("HEAD", path) or b"")
        return [file]

    def _new(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder))


def _with_others(found: ImageKeys, every: Sequence[Group]) -> ImageKeys:
    others = (it.repository for it in every if "/" in it.repository and not _names(it.repository, found.repository))
    return structs.replace(found, others=tuple(others))


def _names(repository: str, image: str) -> bool:
    """Whether `repository` of values.yaml is that of `image`: one without a host counts as Docker Hub's, and the
    templates may add another."""
    return full(image) == repository or image.endswith(f"/{repository.removeprefix('docker.io/')}")


def _ci_values(git: Git, chart: str) -> list[str]:
    """Where chart-testing looks for them: https://github.com/helm/chart-testing"""
    files = git.files("HEAD", f"{chart}/ci" if chart != "." else "ci")
    return sorted(path for path in files if path.endswith("values.yaml"))


def _bare(image: str) -> str:
    """Without tag and digest, as the chart writes it; "" for what `post_render` cannot name."""
    found = image.partition("@")[0]
    head, _, last = found.rpartition("/")
    text = "/".join(filter(None, (head, last.partition(":")[0])))
    return text if RENDERED.fullmatch(text) else ""
