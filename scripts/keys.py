"""Who the settings say signs charts and manifests, and whose signature an image must have: keys, or workflows."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from .clients.keyless import Workflow, job_signer, need_sigstore
from .clients.registry import Registry
from .clients.signatures import Signatory, Signer, sign, statements
from .clients.signing_key import KEY, PASSWORD, public_key, signing_key
from .config import Config, secret
from .document import Image, Verified
from .errors import Refused
from .report import Report
from .settings import VerifyImage


def signer_of(config: Config) -> Signer | None:
    """None where nothing is to be signed; refused where it cannot be."""
    if config.sign == "keyless":
        return job_signer()
    return signing_key(secret(KEY), secret(PASSWORD)) if config.sign else None


def why_unknown(config: Config) -> str | None:
    """Why it cannot be said here whether what is published can be signed, without a full stop; None where it can."""
    if config.sign == "key":
        return None if secret(KEY) else f"ship needs {KEY}, and none is given"
    return None if config.sign is None else "ship needs the token of the job that it runs in"


def signed(
    repository: str, digest: str, signer: Signer | None, created: str, *, config: Config, report: Report
) -> None:
    """Signs a manifest of `host/path`, unless the signer did before."""
    if signer:
        new = sign(Registry(config.plain_http), repository, digest, signer, created)
        report.say(f"sign: {repository}@{digest} {'signed' if new else 'was signed before'} by {signer.public}")


def verified(images: Sequence[Image], config: Config) -> tuple[Image, ...]:
    """The images with what was verified of each; refused where one has no signature of whom the settings name, nor an
    attestation."""
    if config.verify_image is None:
        return tuple(images)
    signatory, registry, found = _signatory(config, config.verify_image), Registry(config.plain_http), list[Image]()
    for image in images:
        statement = next(statements(registry, image.repository, image.digest, signatory), None)
        if statement is None:
            raise _unsigned(image, signatory)
        found.append(structs.replace(image, verified=Verified(str(signatory), statement)))
    return tuple(found)


def _signatory(config: Config, wanted: VerifyImage) -> Signatory:
    if wanted.issuer and wanted.identity and not wanted.key:
        need_sigstore()
        return Workflow(wanted.issuer, wanted.identity)
    if not wanted.key or wanted.issuer or wanted.identity:
        raise Refused(
            "`verify_image` does not say whose signature an image must have.",
            'Give either `key = "FILE"`, or `issuer = "https://..."` and `identity = "..."`.',
            fault="you",
        )
    file = Path(config.root, wanted.key)
    return public_key(_read(file), str(file))


def _unsigned(image: Image, signatory: Signatory) -> Refused:
    return Refused(
        f"{image} has no signature and no attestation of {signatory}, which `verify_image` asks for.",
        "Let it be signed there (`cosign sign` of cosign 3, or an attestation), or correct `verify_image`.",
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
