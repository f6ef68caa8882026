"""A release as bump leaves it: the commit with the spliced chart lies in the checkout's objects, no tag is set."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.clients.git import Git
from scripts.config import Config, load, repository_of
from scripts.document import Chart, Image, Source, Waybill
from scripts.report import Report
from scripts.source.checkout import Checkout
from scripts.yaml.edit import set_scalar
from tests.support.builders import World


def settings(world: World, **flags: Any) -> Config:
    return load(flags, repository_of(world.checkout), cwd=world.checkout)


def checkout(world: World, folder: Path | None = None, **flags: Any) -> Checkout:
    """Where the steps work: the world's checkout, and a folder for what they make."""
    return Checkout(settings(world, **flags), Git(world.checkout), Report(), folder or world.folder / "out")


def bumped(world: World, image: str, version: str = "0.1.0", *, commit: str = "HEAD") -> Waybill:
    """The waybill of `image` (`REPOSITORY@sha256:...`) on `commit` of the checkout."""
    git = Git(world.checkout)
    source = git.commit(commit) or ""
    repository, _, digest = image.partition("@")
    chart, values = git.blob(source, "chart/Chart.yaml") or b"", git.blob(source, "chart/values.yaml") or b""
    where = f"https://example.org/acme/{world.service}"
    for path, value in (
        (("version",), version),
        (("appVersion",), source[:12]),
        (("annotations", "org.opencontainers.image.source"), where),
        (("annotations", "waybill/image"), image),
    ):
        chart = set_scalar(chart, path, value, quoted=path == ("appVersion",))
    values = set_scalar(set_scalar(values, ("image", "repository"), repository), ("image", "digest"), digest)
    tree = git.write_tree(source, {"chart/Chart.yaml": chart, "chart/values.yaml": values})
    seconds = git.committed(source)
    return Waybill(
        service=world.service,
        images=(Image(world.service, repository, digest, {"linux/amd64": digest}, checked=True),),
        source=Source(
            repository=where,
            commit=source,
            committed_at=datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            release_commit=git.commit_tree(tree, [source], f"{world.service} {version}", seconds),
            tag=f"{world.service}-{version}",
        ),
        chart=Chart(
            name=world.service,
            version=version,
            app_version=source[:12],
            repository=settings(world).registry or "",
        ),
    )
