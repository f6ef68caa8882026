"""Manifests as an OCI artifact of Flux, as `flux push artifact` writes one, and the same bytes on every machine.

Media types and annotations: https://github.com/fluxcd/pkg/tree/main/oci.
"""

import io
import struct
import tarfile
import zlib
from collections.abc import Mapping
from functools import cached_property

import msgspec
from msgspec import Struct

from ..clients.manifest import FLUX_CONFIG, FLUX_LAYER, OCI_MANIFEST, descriptor
from ..document import digest_of

CREATED, SOURCE, REVISION = (f"org.opencontainers.image.{name}" for name in ("created", "source", "revision"))
STORED = 65_535  # bytes of the largest block that deflate keeps as it is (RFC 1951, 3.2.4)


class OciArtifact(Struct, frozen=True, dict=True):
    """What is pushed: the manifest, and the two blobs that it names. `known`: it holds what is known already."""

    manifest: bytes
    config: bytes
    layer: bytes
    known: bool = True

    @cached_property
    def digest(self) -> str:
        return digest_of(self.manifest)


def pack(files: Mapping[str, bytes], *, source: str, revision: str, created: str, known: bool = True) -> OciArtifact:
    """`files` by path. `revision` is `<tag>@sha1:<commit>` of the repository `source`, `created` RFC 3339 in UTC."""
    tar = _tar(files)
    layer = _gzip(tar)
    rootfs = {"type": "layers", "diff_ids": [digest_of(tar)]}
    config = msgspec.json.encode({"architecture": "", "created": created, "os": "", "config": {}, "rootfs": rootfs})
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(FLUX_CONFIG, config),
        "layers": [descriptor(FLUX_LAYER, layer)],
        "annotations": {CREATED: created, REVISION: revision, SOURCE: source},
    }
    return OciArtifact(msgspec.json.encode(manifest), config, layer, known)


def _tar(files: Mapping[str, bytes]) -> bytes:
    """Without owners and times."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _gzip(data: bytes) -> bytes:
    """RFC 1952, with blocks that are stored: what a compressor makes differs between libraries and their versions."""
    starts = range(0, len(data), STORED)
    blocks = [
        struct.pack("<BHH", at == starts[-1], len(part := data[at : at + STORED]), len(part) ^ 0xFFFF) + part
        for at in starts
    ]
    head = struct.pack("<BBBBIBB", 0x1F, 0x8B, 8, 0, 0, 0, 255)
    return b"".join([head, *blocks, struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)])
