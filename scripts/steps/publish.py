"""publish: the tag reserves the version, then the chart is pushed, unless it is there already."""

import os
from pathlib import Path

from msgspec import UNSET, structs

from ..clients.git import Git
from ..clients.git_signature import signed_tag
from ..clients.helm import Helm
from ..clients.http_failure import Denied
from ..clients.registry import Registry
from ..config import Config
from ..document import Waybill, chart_of, digest_of
from ..errors import Refused
from ..folder import read
from ..keys import signed, signer_of
from ..releases.content import find
from ..source.checkout import Checkout
from ..source.commit import release_commit


class Overtaken(Refused):
    """Another release took the version first."""


def annotated(tag: str, commit: str, here: Checkout) -> str | None:
    """The tag's own object, None where it is to name the commit alone."""
    if not here.config.annotated_tags:
        return None
    make = signed_tag if here.config.commit_sign else Git.tag_object
    return make(here.git, tag, commit, here.config.author)


def publish(waybill: Waybill, here: Checkout) -> Waybill:
    """The waybill with the digests of what is published; raises Overtaken when another release has the version.

    A chart that is there already with the same content is left as it is; other content is refused. What a killed run
    left half done the same command completes.
    """
    config, chart, (commit, tag) = here.config, chart_of(waybill), release_commit(waybill, here.git)
    archive, signer = here.archive(waybill), signer_of(config)
    refuse_other_archive(waybill, archive)
    with here.report.step("publish"):
        refuse_unpushable(waybill, config)
        if not here.git.create(config.remote, f"refs/tags/{tag}", commit, annotated(tag, commit, here)):
            raise Overtaken(
                f"Another release took this version: {config.remote} has the tag {tag} on another commit.",
                "Run `waybill bump` again.",
                fault="repository",
            )
        if config.registry is None:
            here.report.did("publish", f"no registry is configured; the tag {tag} is set, the chart is not pushed")
            return waybill
        found = find(waybill, archive, config.chart_repository, config.plain_http, to_push=True)
        said = "was published before"
        if found is None:
            seconds = here.git.committed(commit)
            os.utime(archive, (seconds, seconds))  # it goes into the manifest
            plain_http = Registry(config.plain_http).uses_plain_http(config.chart_repository)
            Helm().push(archive, config.registry, plain_http)
            found, said = find(waybill, archive, config.chart_repository, config.plain_http, to_push=True), "published"
        if found is None:
            raise Refused(
                f"{config.registry} accepted {chart.name} {chart.version} and does not list it.",
                "Look at the registry, then run the same command again.",
                fault="registry",
            )
        created = waybill.source.committed_at
        signed(config.chart_repository, found.digest, signer, created, config=config, report=here.report)
    here.report.did("publish", f"{config.registry}/{chart.name} {chart.version} {said}, {found.digest}")
    return structs.replace(waybill, chart=structs.replace(chart, archive=found.archive, digest=found.digest))


def refuse_unpushable(waybill: Waybill, config: Config) -> None:
    """Refuses, before the tag is out, a chart that the registry has not and would not take."""
    registry = Registry(config.plain_http)
    if config.registry and registry.manifest(config.chart_repository, chart_of(waybill).version, to_push=True) is None:
        registry.offer(config.chart_repository)


def look(waybill: Waybill, here: Checkout, *, first_publish: bool = False) -> str | None:
    """The manifest's digest when this chart is published, None when no chart of its version is; other content is
    refused. Needs no more than the right to read; with `first_publish` not even that."""
    config = here.config
    if config.registry is None:
        return None
    try:
        found = find(waybill, here.archive(waybill), config.chart_repository, config.plain_http)
    except Denied:
        if not first_publish:
            raise
        return None
    return found.digest if found else None


def refuse_other_archive(waybill: Waybill, archive: Path) -> None:
    """The file is what package made, byte for byte."""
    said = chart_of(waybill).archive
    if said is UNSET or not archive.exists() or digest_of(read(archive)) != said:
        raise Refused(
            f"{archive.name} is not the chart that the waybill names.", "Run `waybill package` first.", fault="you"
        )
