"""The release commit holds what a release ships: bump builds it, package reads it, publish puts the tag on it."""

from msgspec import UNSET

from ..clients.git import TRAILER, Git
from ..clients.git_filters import refuse_left
from ..document import Waybill
from ..errors import Refused
from ..image import by_name
from ..image import keys as image_keys
from ..image.by_name import Images
from ..image.tag import tag_of
from ..yaml.edit import set_scalar
from .checkout import Checkout


def release_commit(waybill: Waybill, git: Git) -> tuple[str, str]:
    """Its id and the tag that reserves the version; refused where bump did not run or git dropped the commit."""
    commit, tag = waybill.source.release_commit, waybill.source.tag
    if commit is UNSET or tag is UNSET or git.commit(commit) is None:
        raise Refused(
            f"The release commit of {waybill.service} is not in this clone.",
            "Run `waybill bump` with the same --image first: it builds the same commit again.",
            fault="you",
        )
    return commit, tag


def build(images: Images, head: str, version: str, source: str, here: Checkout) -> str:
    """A commit on `head` with the same dates; only two files of the chart differ: values.yaml has the images,
    Chart.yaml the version and `source`, the address of the repository."""
    tree = here.git.write_tree(head, _edited(images, head, version, source, here))
    name = f"{here.config.service} {version}"
    title = here.config.commit_title.replace("{title}", name)
    message = f"{title}\n\n{by_name.lines(images, here.config.service)}\n{TRAILER}: {name}\n"
    return here.git.commit_tree(tree, [head], message, here.git.committed(head), here.config.author)


def _edited(images: Images, head: str, version: str, source: str, here: Checkout) -> dict[str, bytes]:
    values_path, chart_path = here.config.in_chart("values.yaml"), here.config.in_chart("Chart.yaml")
    files = here.git.files(head, values_path, chart_path)
    blocks = [block for block in here.config.image_blocks if block.paths]
    if values_path not in files and blocks:
        raise Refused(
            f"{head[:12]} holds no file {values_path}, or a link in its place.",
            "Commit the file itself, with the image's keys.",
            fault="chart",
        )
    for path, data in files.items():
        refuse_left(path, data)
    tags = {
        block.name: tag_of(here.config.tag_text, images[block.name], head, version)
        for block in blocks
        if "tag" in block.paths
    }
    values = image_keys.write(blocks, files.get(values_path, b""), images, tags, name=values_path)
    chart = set_scalar(files[chart_path], ("version",), version, name=chart_path)
    if here.config.app_version:
        chart = set_scalar(chart, ("appVersion",), head[:12], quoted=True, after="version", name=chart_path)
    for name, value in (
        ("org.opencontainers.image.source", source),
        ("org.opencontainers.image.revision", head),
        ("waybill/image", by_name.written(images, here.config.service)),
    ):
        chart = set_scalar(chart, ("annotations", name), value, name=chart_path)
    return ({values_path: values} if blocks else {}) | {chart_path: chart}
