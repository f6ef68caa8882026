"""Manifests of an OCI registry, by their media types.

https://github.com/opencontainers/image-spec/blob/main/manifest.md
"""

import msgspec
from msgspec import Struct

from ..document import Digest, digest_of

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
MANIFESTS = ", ".join(
    [
        OCI_INDEX,
        OCI_MANIFEST,
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
)
# https://helm.sh/docs/topics/registries/; beside the chart, `helm push` publishes its signature.
CHART_CONFIG = "application/vnd.cncf.helm.config.v1+json"
CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
PROVENANCE_LAYER = "application/vnd.cncf.helm.chart.provenance.v1.prov"
_CHART = [CHART_CONFIG, CHART_LAYER]
# https://github.com/fluxcd/pkg/blob/main/oci/client.go: what `flux push artifact` writes
FLUX_CONFIG = "application/vnd.cncf.flux.config.v1+json"
FLUX_LAYER = "application/vnd.cncf.flux.content.v1.tar+gzip"


class Platform(Struct):
    """Of an index entry or an image's config; `os` is `unknown` for what is no image (attestations)."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    os_version: str = msgspec.field(name="os.version", default="")

    def __str__(self) -> str:
        """As containerd writes it: an index may have several of Windows, each for its version."""
        version = f"({self.os_version})" if self.os_version else ""
        return "/".join(filter(None, (f"{self.os}{version}", self.architecture, self.variant)))


class Descriptor(Struct, rename="camel"):
    digest: Digest
    media_type: str = ""
    platform: Platform | None = None


def descriptor(media_type: str, content: bytes) -> dict[str, str | int]:
    """How a manifest names a blob or another manifest of this content."""
    return {"mediaType": media_type, "size": len(content), "digest": digest_of(content)}


class Manifest(Struct, rename="camel"):
    """A manifest or, when it has `manifests`, an index; `digest` is computed from the bytes received."""

    schema_version: int
    config: Descriptor | None = None
    layers: list[Descriptor] = []
    manifests: list[Descriptor] = []
    subject: Descriptor | None = None
    annotations: dict[str, str] | None = None
    digest: str = ""

    @property
    def chart(self) -> str | None:
        """The digest of the chart; None where there is none, or anything else that could be taken for it. In all that a
        manifest names, its subject and config too, Helm looks for media types of charts, and takes the last
        (helm.sh/helm/v4/pkg/registry/client.go, oras.land/oras-go/v2/content/graph.go); Flux takes the first layer,
        unless an OCIRepository selects one. `helm push` puts a signature after the chart."""
        named = [it.media_type for it in (self.config, *self.layers, self.subject, *self.manifests) if it]
        return self.layers[0].digest if named in (_CHART, [*_CHART, PROVENANCE_LAYER]) else None

    @property
    def flux_content(self) -> str | None:
        """The digest of the manifests in an artifact of Flux; None for what is none."""
        named = [it.media_type for it in (self.config, *self.layers, *self.manifests) if it]
        return self.layers[0].digest if named == [FLUX_CONFIG, FLUX_LAYER] else None
