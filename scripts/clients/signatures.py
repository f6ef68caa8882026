"""Signatures of manifests in a registry: Sigstore bundles that refer to them."""

from .bundle import BUNDLE, SIGNED, bundle, stated
from .referrers import refer, referrers
from .registry import Registry
from .signing_key import PublicKey, SigningKey

MOST = 100  # bundles of one manifest that are read


def sign(registry: Registry, repository: str, digest: str, key: SigningKey, created: str) -> bool:
    """False where the manifest has this signature already. `created` is RFC 3339 in UTC."""
    annotations = {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": SIGNED,
        "org.opencontainers.image.created": created,
    }
    content = bundle(digest, key.sign, key.public.hint)
    return refer(registry, repository, digest, content, artifact_type=BUNDLE, annotations=annotations)


def statement_of(registry: Registry, repository: str, digest: str, key: PublicKey) -> str | None:
    """The type of what a bundle with a signature of `key` states of the manifest; None where there is none."""
    for each in referrers(registry, repository, digest, BUNDLE)[:MOST]:
        manifest = registry.manifest(repository, each)
        if manifest is None or len(manifest.layers) != 1 or manifest.layers[0].media_type != BUNDLE:
            continue
        text = registry.blob(repository, manifest.layers[0].digest)
        if found := stated(text, digest, key.is_signature):
            return found
    return None
