"""Keys of signatures: ECDSA on P-256, as `cosign generate-key-pair` makes them.

The packages `cryptography` and `pynacl` are an extra, and imported when a key is used.
"""

import hashlib
import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from ..errors import Refused
from .bundle import bundle, stated

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

KEY, PASSWORD = "WAYBILL_SIGNING_KEY", "WAYBILL_SIGNING_PASSWORD"
# https://github.com/sigstore/cosign/blob/main/pkg/cosign/keys.go; what is in it,
# https://github.com/secure-systems-lab/go-securesystemslib/blob/main/encrypted/encrypted.go
COSIGN = re.compile(
    r"-----BEGIN (ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY)-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----\s*"
)
ENCRYPTED = re.compile(r"^(?:-----BEGIN ENCRYPTED |Proc-Type:.*ENCRYPTED)", re.MULTILINE)
MOST_MEMORY = 256 * 2**20  # bytes that deriving a key may take


class _Kdf(Struct):
    name: str
    params: dict[str, int]
    salt: bytes


class _Cipher(Struct):
    name: str
    nonce: bytes


class _Encrypted(Struct):
    kdf: _Kdf
    cipher: _Cipher
    ciphertext: bytes


class PublicKey:
    def __init__(self, key: "EllipticCurvePublicKey") -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        self._key = key
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.hint = hashlib.sha256(der).digest()

    def __str__(self) -> str:
        return f"key sha256:{self.hint.hex()}"

    def is_signature(self, signature: bytes, data: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        try:
            self._key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    def stated(self, text: bytes, digest: str) -> str | None:
        return stated(text, digest, self.is_signature)


class SigningKey:
    repeats = True

    def __init__(self, key: "EllipticCurvePrivateKey") -> None:
        self._key, self.public = key, PublicKey(key.public_key())

    def sign(self, data: bytes) -> bytes:
        """The same for the same data (RFC 6979), so that signing again changes nothing."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        return bytes(self._key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))

    def bundle(self, digest: str) -> bytes:
        return bundle(digest, self.sign, self.public.hint)


def signing_key(pem: str | None, password: str | None) -> SigningKey:
    """From PEM: plain, or encrypted by cosign or as PKCS #8. Its text is never repeated."""
    if not (pem and pem.strip()):
        raise Refused(
            '`sign = "key"` needs the private key, and none is given.',
            f"Set {KEY}, or {KEY}_FILE to the file that holds it (`cosign generate-key-pair` makes one).",
            fault="you",
        )
    serialization, encrypted = _serialization(), bool(ENCRYPTED.search(pem))
    try:
        if found := COSIGN.fullmatch(pem.strip()):
            key = serialization.load_der_private_key(_decrypted(found[2], password), None)
        else:
            key = serialization.load_pem_private_key(pem.encode(), (password or "").encode() if encrypted else None)
    except Exception as error:  # of many kinds, whose texts might repeat the key
        if encrypted:
            why = (
                f"{PASSWORD} is not its password, or its text is damaged"
                if password
                else f"it is encrypted, and no {PASSWORD} is given"
            )
        else:
            why = "that is the public key" if "-----BEGIN PUBLIC KEY" in pem else "it is no private key in PEM"
        raise Refused(
            f"The private key in {KEY} cannot be read: {why}.",
            f"Give the text of the file cosign.key of `cosign generate-key-pair`, or a key of `openssl`, and its "
            f"password in {PASSWORD}.",
            fault="you",
        ) from error
    return SigningKey(_p256(key, KEY))


def public_key(pem: bytes, name: str) -> PublicKey:
    """`name` says where it stands."""
    try:
        key = _serialization().load_pem_public_key(pem)
    except ValueError as error:
        raise Refused(
            f"{name} holds no public key in PEM.", "Name the file that cosign calls cosign.pub.", fault="you"
        ) from error
    return PublicKey(_p256(key, name))


def _p256(key: Any, name: str) -> Any:
    curve = getattr(key, "curve", None)
    if curve is None or curve.name != "secp256r1":
        raise Refused(
            f"The key in {name} is not one of ECDSA on the curve P-256.",
            "Use one that `cosign generate-key-pair` makes, or `openssl ecparam -name prime256v1 -genkey`.",
            fault="you",
        )
    return key


def _decrypted(text: str, password: str | None) -> bytes:
    from nacl.secret import SecretBox

    it = msgspec.json.decode(msgspec.convert(re.sub(r"\s", "", text), bytes), type=_Encrypted)
    if (it.kdf.name, it.cipher.name) != ("scrypt", "nacl/secretbox"):
        raise ValueError
    n, r, p = (it.kdf.params[name] for name in ("N", "r", "p"))
    secret = (password or "").encode()
    key = hashlib.scrypt(secret, salt=it.kdf.salt, n=n, r=r, p=p, maxmem=MOST_MEMORY, dklen=SecretBox.KEY_SIZE)
    return bytes(SecretBox(key).decrypt(it.ciphertext, it.cipher.nonce))


def _serialization() -> Any:
    try:
        import nacl.secret  # noqa: F401
        from cryptography.hazmat.primitives import serialization
    except ImportError as error:
        raise Refused(
            "Signatures need the packages cryptography and pynacl, and this Waybill was installed without them.",
            "Install it with its extra: `pip install 'waybill-ledger[sign]'`.",
            fault="machine",
        ) from error
    return serialization
