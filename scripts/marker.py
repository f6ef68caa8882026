"""A release of HEAD with images that do not exist: what ship would refuse of the chart is found without one."""

from msgspec import UNSET

from .chart.version import strict
from .clients.git import Git
from .config import Config
from .document import Chart, Image, Source, Waybill
from .image import keys
from .image.blocks import names
from .image.by_name import Images
from .image.name import full
from .image.reference import Reference
from .source.checkout import Checkout
from .source.commit import build
from .yaml.edit import read

MARKER = f"sha256:{'d0c' * 21}0"
NOWHERE = "https://registry.example/source"


def markers(config: Config, git: Git) -> Images:
    """Images by a digest that nothing has, each where the chart has its own."""
    name = config.in_chart("values.yaml")
    values = git.blob("HEAD", name) or b""
    found: dict[str, Reference] = {}
    for block in config.image_blocks:
        repository = keys.read(block, values, name=name)[0] if block.paths else block.post_render
        repository = repository or f"registry.example/{block.name}"
        if "registry" in block.paths:
            repository = full(repository)
        found.setdefault(block.name, Reference(repository, MARKER, "0.0.0"))
    return {name: found[name] for name in names(config.image_blocks)}


def marked(here: Checkout) -> Waybill:
    """As bump makes it, but without a look at remote and registry."""
    config, git, images = here.config, here.git, markers(here.config, here.git)
    head = str(git.commit("HEAD"))
    path = config.in_chart("Chart.yaml")
    version = str(strict(read(git.blob(head, path) or b"", ("version",), name=path) or "", path, fault="chart"))
    commit = build(images, head, version, NOWHERE, here)
    committed_at = git.committed_at(head)
    return Waybill(
        service=config.service,
        images=tuple(Image(name, it.repository, it.digest, {}, checked=False) for name, it in images.items()),
        source=Source(NOWHERE, head, committed_at, commit, f"{config.service}-{version}"),
        chart=Chart(
            name=config.service,
            version=version,
            app_version=read(git.blob(commit, path) or b"", ("appVersion",)) or "",
            repository=UNSET,
        ),
    )
