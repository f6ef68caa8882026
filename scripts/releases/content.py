"""What is published under a release's version, and the proof that it is the release's own chart."""

from pathlib import Path

from msgspec import Struct

from ..addresses import normalise
from ..chart.archive import same_content
from ..clients.registry import Registry
from ..document import Waybill, chart_of, digest_of
from ..errors import Refused
from ..folder import read

SOURCE = "org.opencontainers.image.source"


class Published(Struct, frozen=True):
    """Digests of the manifest and of the .tgz in it."""

    digest: str
    archive: str


def find(
    waybill: Waybill, archive: Path, repository: str, plain_http: bool, *, to_push: bool = False
) -> Published | None:
    """What `repository` (`host/path/name`) has under the chart's version, None where that is nothing; refused unless it
    is the content of `archive`. `to_push` as the registry's client has it."""
    chart, registry = chart_of(waybill), Registry(plain_http)
    manifest = registry.manifest(repository, chart.version, to_push=to_push)
    if manifest is None:
        return None
    source = (manifest.annotations or {}).get(SOURCE)
    if source and normalise(source) != normalise(waybill.source.repository):
        raise Refused(
            f"{repository}:{chart.version} is a chart of {source}, and this is one of {waybill.source.repository}.",
            "Give one of the two services another name, or `registry` in waybill.toml another path.",
            fault="registry",
        )
    ours, digest = read(archive), manifest.chart
    if digest and (digest == digest_of(ours) or same_content(registry.blob(repository, digest), ours)):
        return Published(digest=manifest.digest, archive=digest)
    raise Refused(
        f"{repository}:{chart.version} is published with other content: {digest or 'no chart, or more than one chart'} "
        f"(manifest {manifest.digest}), and the chart of {waybill.source.tag} is {digest_of(ours)}.",
        "A published version is never overwritten. Find out who pushed it. If that chart may go, delete it in the "
        "registry and ship again; else raise `version` in Chart.yaml and commit.",
        fault="registry",
    )
