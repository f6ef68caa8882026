"""What refers to a manifest in a registry, as signatures do.

Registries list it; where one does not, an index under a tag does, which all who add to it write anew:
https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema
"""

import random
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from ..document import digest_of
from ..errors import Refused
from .manifest import OCI_INDEX, OCI_MANIFEST, descriptor
from .registry import Registry

EMPTY, EMPTY_TYPE = b"{}", "application/vnd.oci.empty.v1+json"
TRIES = 40
QUIET = 2  # times that nothing moved, where others write
SHORTEST, LONGEST = 0.25, 3.0  # seconds between two looks


class _Index(Struct, rename="camel"):
    manifests: list[dict[str, Any]]
    schema_version: int = 2
    media_type: str = OCI_INDEX


def referrers(registry: Registry, repository: str, digest: str, artifact_type: str) -> list[str]:
    """The digests of the manifests of this type that refer to `digest`, and of those whose type is not told."""
    listed = registry.referrers(repository, digest)
    found = _in_index(registry, repository, digest) if listed is None else listed
    return [str(it.get("digest")) for it in found if it.get("artifactType", artifact_type) == artifact_type]


def refer(
    registry: Registry,
    repository: str,
    digest: str,
    content: bytes,
    *,
    artifact_type: str,
    annotations: Mapping[str, str],
) -> bool:
    """Lets a manifest of `content` refer to the one of `digest`; False where it did before. What a killed run left half
    done is completed."""
    subject = registry.read(repository, digest)
    if subject is None:
        raise Refused(f"{repository} holds no {digest}.", "Ship the release again.", fault="registry")
    manifest = _manifest(subject, content, artifact_type, annotations)
    entry = {
        **descriptor(OCI_MANIFEST, manifest),
        "artifactType": artifact_type,
        "annotations": dict(annotations),
    }
    if entry["digest"] in referrers(registry, repository, digest, artifact_type):
        return False
    registry.push(repository, digest_of(manifest), manifest, OCI_MANIFEST, (EMPTY, content))
    if registry.referrers(repository, digest) is None:
        _add(registry, repository, digest, entry)
    elif entry["digest"] not in referrers(registry, repository, digest, artifact_type):
        raise Refused(
            f"{repository} took {entry['digest']}, which refers to {digest}, and does not list it.",
            "Let the registry keep OCI 1.1 referrers, then run the same command again.",
            fault="registry",
        )
    return True


def _manifest(subject: bytes, content: bytes, artifact_type: str, annotations: Mapping[str, str]) -> bytes:
    return msgspec.json.encode(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": artifact_type,
            "config": descriptor(EMPTY_TYPE, EMPTY),
            "layers": [descriptor(artifact_type, content)],
            "subject": descriptor(OCI_MANIFEST, subject),
            "annotations": dict(annotations),
        }
    )


def _add(registry: Registry, repository: str, digest: str, entry: dict[str, Any]) -> None:
    """Registries have no compare-and-swap: of two that read the same index and write it, the first is lost. So each
    looks again when those who read with it must have written, adds what is gone, and goes when nothing moves any more.
    """
    known: list[dict[str, Any]] = []
    needed, quiet, pause = 1, 0, SHORTEST
    for _ in range(TRIES):
        began = time.monotonic()
        present = _in_index(registry, repository, digest)
        if entry["digest"] not in [it.get("digest") for it in present]:
            needed, quiet, known = 1 if not known else QUIET, 0, [*present, entry]
            registry.put(repository, _tag(digest), msgspec.json.encode(_Index(known)), OCI_INDEX)
            pause = min(max(pause, 4 * (time.monotonic() - began)), LONGEST)
        elif present == known:
            quiet += 1
            if quiet == needed:
                return
        else:
            needed, quiet, known = QUIET, 0, present
        time.sleep(pause * random.uniform(1, 1.5))  # noqa: S311
    raise Refused(
        f"Others wrote {repository}:{_tag(digest)} all the while when {entry['digest']} was to be added.",
        "Run the same command again in a moment.",
        fault="registry",
    )


def _in_index(registry: Registry, repository: str, digest: str) -> list[dict[str, Any]]:
    body = registry.read(repository, _tag(digest))
    if body is None:
        return []
    try:
        return msgspec.json.decode(body, type=_Index).manifests
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Refused(
            f"{repository}:{_tag(digest)} is no index of what refers to {digest}: {error}.",
            "That tag is for this index alone: find out who pushed something else there, and free it.",
            fault="registry",
        ) from error


def _tag(digest: str) -> str:
    return digest.replace(":", "-")
