"""publish: the tag reserves the version, then the chart is pushed, or found to be there already."""

import gzip
import io
import os
import tarfile
import zlib
from pathlib import Path

from msgspec import UNSET, Struct, structs

from ..addresses import normalise
from ..clients.git import Git
from ..clients.helm import Helm
from ..clients.registry import CHART_LAYER, Registry
from ..clients.registry_http import Denied
from ..config import Config
from ..document import Waybill, chart_of, digest_of
from ..errors import Refused
from ..report import Report
from ..source.commit import release_commit

SOURCE = "org.opencontainers.image.source"


class Published(Struct, frozen=True):
    """Digests of the manifest and of the .tgz in it."""

    digest: str
    archive: str


def publish(waybill: Waybill, config: Config, git: Git, archive: Path, report: Report) -> Waybill | None:
    """The waybill with the digests of what is published; None when another release has the version.

    A chart that lies there already, with the same content, is done; other content is refused. What a killed run left
    half done the same command completes.
    """
    chart, (commit, tag) = chart_of(waybill), release_commit(waybill, git)
    refuse_other_archive(waybill, archive)
    with report.step("publish"):
        if not git.create(config.remote, f"refs/tags/{tag}", commit):
            report.say(f"publish: {config.remote} has the tag {tag} on another commit")
            return None
        if config.registry is None:
            report.say(f"publish: no registry is configured; the tag {tag} is set, the chart is not pushed")
            return waybill
        found = find(waybill, config, archive, to_push=True)
        said = "was published before"
        if found is None:
            seconds = git.committed(commit)
            os.utime(archive, (seconds, seconds))  # the manifest tells it, whatever copied the file
            plain_http = Registry(config.plain_http).speaks_plain_http(config.chart_repository)
            Helm().push(archive, config.registry, plain_http)
            found, said = find(waybill, config, archive, to_push=True), "published"
    if found is None:
        raise Refused(
            f"{config.registry} took {chart.name} {chart.version} and does not show it.",
            "Look at the registry, then run the same command again.",
            fault="registry",
        )
    report.say(f"publish: {config.registry}/{chart.name} {chart.version} {said}, {found.digest}")
    return structs.replace(waybill, chart=structs.replace(chart, archive=found.archive, digest=found.digest))


def look(waybill: Waybill, config: Config, archive: Path, *, first_publish: bool = False) -> str | None:
    """The manifest's digest when this very chart is published, None when none of its version is; other content is
    refused. Needs no more than the right to read; with `first_publish` it may be denied."""
    try:
        found = find(waybill, config, archive) if config.registry else None
    except Denied:
        if not first_publish:
            raise
        return None
    return found.digest if found else None


def find(waybill: Waybill, config: Config, archive: Path, *, to_push: bool = False) -> Published | None:
    """What is published under the chart's version, if it is the content of `archive`; `to_push` as the registry's
    client has it."""
    repository, version = config.chart_repository, chart_of(waybill).version
    registry = Registry(config.plain_http)
    manifest = registry.manifest(repository, version, to_push=to_push)
    if manifest is None:
        return None
    source = (manifest.annotations or {}).get(SOURCE)
    if source and normalise(source) != normalise(waybill.source.repository):
        raise Refused(
            f"{repository}:{version} is a chart of {source}, and this is one of {waybill.source.repository}.",
            "Give one of the two services another name, or `registry` in waybill.toml another path.",
            fault="registry",
        )
    layers = [layer.digest for layer in manifest.layers if layer.media_type == CHART_LAYER]
    ours = digest_of(archive.read_bytes())
    if len(layers) == 1 and (layers[0] == ours or same_files(registry.blob(repository, layers[0]), archive)):
        return Published(digest=manifest.digest, archive=layers[0])
    raise Refused(
        f"{repository}:{version} is published with other content: {', '.join(layers) or 'no chart'} "
        f"(manifest {manifest.digest}), and this release's chart is {ours}.",
        "A published version is never overwritten. If that chart may go, delete it in the registry and ship again; "
        "else raise `version` in Chart.yaml and commit.",
        fault="registry",
    )


def same_files(theirs: bytes, archive: Path) -> bool:
    """Whether two .tgz unpack to the same: another Helm may compress differently."""
    try:
        with (
            gzip.open(io.BytesIO(theirs)) as stream,
            tarfile.open(fileobj=stream, mode="r:") as other,
            tarfile.open(archive) as own,
        ):
            left = {member.name: member for member in own}
            for member in other:
                mine = left.pop(member.name, None)
                if mine is None or (mine.type, mine.size, mine.linkname) != (member.type, member.size, member.linkname):
                    return False
                if member.isfile() and _content(other, member) != _content(own, mine):
                    return False
            while stream.read(2**20):
                pass  # to the end, where gzip's checksum stands: helm reads that too
            return not left
    except (tarfile.TarError, zlib.error, EOFError, OSError):
        return False


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file else b""


def refuse_other_archive(waybill: Waybill, archive: Path) -> None:
    """The file is what package made, byte for byte."""
    said = chart_of(waybill).archive
    if said is UNSET or not archive.is_file() or digest_of(archive.read_bytes()) != said:
        raise Refused(
            f"{archive.name} is not the chart that the waybill names.", "Run `waybill package` first.", fault="you"
        )
