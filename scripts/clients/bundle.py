"""A signature of a manifest as a Sigstore bundle, as cosign 3 writes and Flux reads it.

https://github.com/sigstore/protobuf-specs, https://github.com/secure-systems-lab/dsse/blob/master/protocol.md,
https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
IN_TOTO = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
SIGNED = "https://sigstore.dev/cosign/sign/v1"


class _Signature(Struct):
    sig: str


class _Envelope(Struct, rename="camel"):
    payload: str
    payload_type: str
    signatures: list[_Signature]


class _Bundle(Struct, rename="camel"):
    dsse_envelope: _Envelope


class _Subject(Struct):
    digest: dict[str, str] = {}


class _Statement(Struct, rename="camel"):
    subject: list[_Subject]
    predicate_type: str


def bundle(digest: str, sign: Callable[[bytes], bytes], hint: bytes) -> bytes:
    """That the manifest of this digest is signed; `hint` is the SHA-256 of the public key in DER."""
    payload = signature_of(digest)
    whole: dict[str, Any] = {
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": _base64(hint)}},
        "dsseEnvelope": {
            "payload": _base64(payload),
            "payloadType": IN_TOTO,
            "signatures": [{"sig": _base64(sign(_encoded(IN_TOTO, payload)))}],
        },
    }
    return msgspec.json.encode(whole)


def signature_of(digest: str, **more: str) -> bytes:
    """The statement that the manifest of this digest is signed; `more` is told of it."""
    return msgspec.json.encode(
        {
            "_type": STATEMENT,
            "subject": [{**more, "digest": {"sha256": digest.removeprefix("sha256:")}}],
            "predicateType": SIGNED,
            "predicate": {},
        }
    )


def stated(text: bytes, digest: str, is_signature: Callable[[bytes, bytes], bool]) -> str | None:
    """The type of what a bundle states of the manifest of this digest; None where it states nothing of it, or no
    signature is one. `is_signature` is asked for a signature and what it should be of."""
    try:
        envelope = msgspec.json.decode(text, type=_Bundle).dsse_envelope
        payload = base64.b64decode(envelope.payload, validate=True)
        signatures = [base64.b64decode(it.sig, validate=True) for it in envelope.signatures]
    except (msgspec.MsgspecError, binascii.Error, RecursionError, ValueError):
        return None
    signed = _encoded(envelope.payload_type, payload)
    if not any(is_signature(it, signed) for it in signatures):
        return None
    return stated_in(envelope.payload_type, payload, digest)


def stated_in(payload_type: str, payload: bytes, digest: str) -> str | None:
    """The type of what a payload, whose signature was verified, states of the manifest of this digest."""
    if payload_type != IN_TOTO:
        return None
    try:
        statement = msgspec.json.decode(payload, type=_Statement)
    except (msgspec.MsgspecError, RecursionError):
        return None
    subjects = [it.digest.get("sha256") for it in statement.subject]
    return statement.predicate_type if digest.removeprefix("sha256:") in subjects else None


def _encoded(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
