"""The keys that the settings name: one signs charts and manifests, another one tells whether an image is signed."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from .clients.registry import Registry
from .clients.signatures import sign, statement_of
from .clients.signing_key import KEY, PASSWORD, PublicKey, SigningKey, public_key, signing_key
from .config import Config, secret
from .document import Image, Verified
from .errors import Refused
from .report import Report


def key_of(config: Config) -> SigningKey | None:
    """None where nothing is to be signed; refused where it cannot be."""
    return signing_key(secret(KEY), secret(PASSWORD)) if config.sign else None


def has_key() -> bool:
    return bool(secret(KEY))


def signed(
    repository: str, digest: str, key: SigningKey | None, created: str, *, config: Config, report: Report
) -> None:
    """Signs a manifest of `host/path` with the key, unless it is signed with it."""
    if key:
        new = sign(Registry(config.plain_http), repository, digest, key, created)
        report.say(f"sign: {repository}@{digest} {'signed' if new else 'was signed before'} with {key.public}")


def verified(images: Sequence[Image], config: Config) -> tuple[Image, ...]:
    """The images with what was verified of each; refused where one has no signature of the key that the settings
    name, nor an attestation."""
    if config.verify_image is None:
        return tuple(images)
    file, found = Path(config.root, config.verify_image.key), list[Image]()
    key, registry = public_key(_read(file), str(file)), Registry(config.plain_http)
    for image in images:
        statement = statement_of(registry, image.repository, image.digest, key)
        if statement is None:
            raise _unsigned(image, key)
        found.append(structs.replace(image, verified=Verified(str(key), statement)))
    return tuple(found)


def _unsigned(image: Image, key: PublicKey) -> Refused:
    return Refused(
        f"{image} has no signature and no attestation of {key}, which `verify_image` asks for.",
        f"Sign it with that key (cosign 3: `cosign sign --key cosign.key {image}`), or correct `verify_image`.",
        fault="you",
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused(
            f"{file}, which verify_image.key names, cannot be read: {error.strerror}.",
            "Name the file with the public key, relative to waybill.toml.",
            fault="you",
        ) from error
