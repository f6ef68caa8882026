"""The waybill of a published version: from the ledger, or from its tag and the registry."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, structs

from ..clients.registry import CHART_LAYER, Manifest, Registry
from ..config import Config
from ..document import Chart, Image, Source, Waybill
from ..errors import Refused
from ..source.checkout import Checkout
from ..yaml.edit import read


def from_ledger(answer: dict[str, Any]) -> Waybill:
    """The waybill in an answer to GET /releases/{service}/{version}, without what was proposed before."""
    try:
        found = msgspec.convert({key: answer[key] for key in Waybill.__struct_fields__ if key in answer}, Waybill)
    except msgspec.ValidationError as error:
        raise Refused(
            f"The ledger's waybill cannot be read: {error}.",
            "Use a Waybill that is as new as the ledger.",
            fault="ledger",
        ) from error
    return structs.replace(found, gitops=UNSET)


def from_tag(version: str, here: Checkout) -> Waybill:
    """The waybill of `version` as ship wrote it; refused where a part of it cannot be found."""
    config, git, tag = here.config, here.git, f"{here.config.service}-{version}"
    release_commit = _tagged(tag, here)
    parents = git.parents([release_commit])[release_commit]
    file = git.blob(release_commit, f"{config.chart}/Chart.yaml") or b""
    image = read(file, ("annotations", "waybill/image")) or ""
    source = read(file, ("annotations", "org.opencontainers.image.source")) or ""
    repository, _, digest = image.partition("@")
    if len(parents) != 1 or not digest or not source or read(file, ("version",)) != version:
        raise Refused(
            f"The tag {tag} was not made by Waybill: {config.chart}/Chart.yaml in it does not name this version, its "
            "image and its source.",
            "Give --version of a release that was shipped with Waybill.",
            fault="repository",
        )
    registry = Registry(config.plain_http)
    manifest = _published(config, registry, version)
    layer = next(layer for layer in manifest.layers if layer.media_type == CHART_LAYER)
    committed_at = datetime.fromtimestamp(git.committed(parents[0]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Waybill(
        service=config.service,
        image=Image(
            repository=repository, digest=digest, platforms=registry.platforms(repository, digest), checked=True
        ),
        source=Source(
            repository=source,
            commit=parents[0],
            committed_at=committed_at,
            release_commit=release_commit,
            tag=tag,
        ),
        chart=Chart(
            name=config.service,
            version=version,
            app_version=read(file, ("appVersion",)) or "",
            repository=str(config.registry),
            archive=layer.digest,
            digest=manifest.digest,
        ),
    )


def _tagged(tag: str, here: Checkout) -> str:
    config, git = here.config, here.git
    ref = f"refs/tags/{tag}"
    name = git.refs(config.remote, ref).get(ref)
    if name is None:
        raise Refused(
            f"There is no release {tag}: {config.remote} has no such tag.",
            f"Give --version of one that is there: git ls-remote --tags {config.remote} '{config.service}-*'.",
            fault="you",
        )
    if name not in git.has([name]):
        git.fetch(config.remote, [ref])
    return name


def _published(config: Config, registry: Registry, version: str) -> Manifest:
    manifest = registry.manifest(config.chart_repository, version)
    if manifest is None or not any(layer.media_type == CHART_LAYER for layer in manifest.layers):
        raise Refused(
            f"{version} is reserved by its tag, but {config.chart_repository} has no chart of that version.",
            "Ship the tag's source commit again: that completes the release.",
            fault="registry",
        )
    return manifest
