"""The checkout of a service, in which the steps of a release work."""

from functools import cached_property
from pathlib import Path

from msgspec import Struct

from .. import folder
from ..chart.renderer import Renderer
from ..clients.git import Git
from ..config import Config
from ..document import Waybill, chart_of
from ..report import Report


class Checkout(Struct, frozen=True, dict=True):
    """`folder` is where the steps write what they make; `make_folder` makes it."""

    config: Config
    git: Git
    report: Report
    folder: Path

    @cached_property
    def renderer(self) -> Renderer:
        config = self.config
        return Renderer(config.kube_version, config.flux_version, config.api_versions)

    def archive(self, waybill: Waybill) -> Path:
        """Where package writes the chart and publish finds it."""
        return self.folder / f"{waybill.service}-{chart_of(waybill).version}.tgz"

    def make_folder(self) -> Path:
        return folder.make(self.folder)
