"""Signatures of manifests in a registry: Sigstore bundles that refer to them."""

from collections.abc import Iterator
from typing import Protocol

from ..errors import Refused
from .bundle import BUNDLE, SIGNED
from .referrers import refer, referrers
from .registry import Registry

MOST = 100  # bundles of one manifest that are read


class Signatory(Protocol):
    """Somebody whose signatures can be told from others, by a key or by an identity; as a text, who it is."""

    def stated(self, text: bytes, digest: str) -> str | None:
        """The type of what a bundle of his states of the manifest of this digest; None where it is none of his."""


class Signer(Protocol):
    """`repeats`: the same digest gets the same bundle, byte for byte."""

    @property
    def public(self) -> Signatory: ...

    @property
    def repeats(self) -> bool: ...

    def bundle(self, digest: str) -> bytes:
        """That the manifest of this digest is signed."""


def sign(registry: Registry, repository: str, digest: str, signer: Signer, created: str) -> bool:
    """False where the manifest has a signature of the signer already. `created` is RFC 3339 in UTC."""
    if not signer.repeats and SIGNED in statements(registry, repository, digest, signer.public):
        return False
    annotations = {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": SIGNED,
        "org.opencontainers.image.created": created,
    }
    return refer(registry, repository, digest, signer.bundle(digest), artifact_type=BUNDLE, annotations=annotations)


def statements(registry: Registry, repository: str, digest: str, signatory: Signatory) -> Iterator[str]:
    """The types of what bundles of `signatory` state of the manifest; refused where there may be more of them than are
    read."""
    every = referrers(registry, repository, digest, BUNDLE)
    for each in every[:MOST]:
        manifest = registry.manifest(repository, each)
        if manifest is None or len(manifest.layers) != 1 or manifest.layers[0].media_type != BUNDLE:
            continue
        text = registry.blob(repository, manifest.layers[0].digest)
        if found := signatory.stated(text, digest):
            yield found
    if len(every) > MOST:
        raise Refused(
            f"{repository}@{digest} has {len(every)} bundles, of which {MOST} are read, and whether {signatory} signed "
            "it is not known.",
            "Find out who pushes them, and delete those that nobody needs.",
            fault="registry",
        )
