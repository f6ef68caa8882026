"""Plays Fulcio, its log of certificates and Rekor (version 1), and the CI that gives tokens: Sigstore's own are reached
over the internet alone. Whom it may be trusted by is in a file, as `sigstore --trust-config` takes it.

https://github.com/sigstore/fulcio/blob/main/fulcio.proto, https://github.com/sigstore/rekor/blob/main/openapi.yaml,
https://www.rfc-editor.org/rfc/rfc6962#section-3.2
"""

import base64
import hashlib
import json
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from tests.support.registry_stand_in import answering, says

ISSUER = "https://token.actions.githubusercontent.com"
REF = "acme/orders/.github/workflows/release.yml@refs/heads/main"
HOST = "127.0.0.1"
FULCIO = "1.3.6.1.4.1.57264.1"
SCTS = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
USAGE = dict.fromkeys(
    ["content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"],
    False,
)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def token(**claims: Any) -> str:
    """That of a job of GitHub Actions, unless `claims` say otherwise; nobody checks its signature here."""
    now = int(time.time())
    whole = {"iss": ISSUER, "sub": "repo:acme/orders", "aud": "sigstore", "iat": now, "exp": now + 300}
    parts = {"alg": "RS256", "typ": "JWT"}, {**whole, "job_workflow_ref": REF, **claims}
    words = [json.dumps(it).encode() for it in parts] + [b"signature"]
    return ".".join(base64.urlsafe_b64encode(it).decode().rstrip("=") for it in words)


class Sigstore:
    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.failing = False
        self._ca, self._ct, self._rekor = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "stand-in")])
        usage = x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **USAGE)
        own = x509.SubjectKeyIdentifier.from_public_key(self._ca.public_key())
        self._root = (
            self._builder(name, self._ca.public_key(), days=365)
            .issuer_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(own, critical=False)
            .sign(self._ca, hashes.SHA256())
        )

    def behave(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        if self.failing:
            says(503)(request)
        elif request.path.startswith("/token"):
            right = request.headers["authorization"] == "bearer planted-request-token"
            says(200 if right else 401, json.dumps({"value": token()}).encode())(request)
        elif request.path == "/api/v2/signingCert":
            says(200, json.dumps(self._certified(json.loads(body), request.headers["authorization"])).encode())(request)
        else:
            says(201, json.dumps(self._logged(json.loads(body))).encode())(request)

    def trust(self, url: str) -> str:
        since = {"start": "2020-01-01T00:00:00Z"}

        def log(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
            public = {"rawBytes": b64(_der(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": since}
            return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": public, "logId": {"keyId": b64(_id(key))}}

        root = b64(self._root.public_bytes(serialization.Encoding.DER))
        authority = {"uri": url, "certChain": {"certificates": [{"rawBytes": root}]}, "validFor": since}
        authority["subject"] = {"organization": "stand-in", "commonName": "stand-in"}
        service = [{"url": url, "majorApiVersion": 1, "validFor": since, "operator": "stand-in"}]
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
                "trustedRoot": {
                    "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                    "tlogs": [log(self._rekor)],
                    "certificateAuthorities": [authority],
                    "ctlogs": [log(self._ct)],
                    "timestampAuthorities": [],
                },
                "signingConfig": {
                    "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                    "caUrls": service,
                    "oidcUrls": service,
                    "rekorTlogUrls": service,
                    "rekorTlogConfig": {"selector": "ANY"},
                    "tsaUrls": [],
                    "tsaConfig": {"selector": "ANY"},
                },
            }
        )

    def _builder(self, name: x509.Name, key: Any, days: float) -> x509.CertificateBuilder:
        now = datetime.now(UTC).replace(microsecond=0)
        builder = x509.CertificateBuilder().subject_name(name).public_key(key)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - timedelta(minutes=1)).not_valid_after(now + timedelta(days=days))

    def _certified(self, asked: dict[str, Any], authorization: str) -> dict[str, Any]:
        request = x509.load_pem_x509_csr(base64.b64decode(asked["certificateSigningRequest"]))
        part = authorization.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        who = claims.get("ci_config_ref_uri") or f"github.com/{claims['job_workflow_ref']}"
        issuer = claims["iss"].encode()
        usage = x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **USAGE)
        by = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._ca.public_key())
        san = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"https://{who}")])
        builder = self._builder(x509.Name([]), request.public_key(), days=1 / 144).issuer_name(self._root.subject)
        for extension, critical in (
            (usage, True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
            (by, False),
            (san, True),
            (x509.UnrecognizedExtension(ObjectIdentifier(f"{FULCIO}.1"), issuer), False),
            (x509.UnrecognizedExtension(ObjectIdentifier(f"{FULCIO}.8"), bytes([12, len(issuer)]) + issuer), False),
        ):
            builder = builder.add_extension(extension, critical=critical)
        before = builder.sign(self._ca, hashes.SHA256())
        scts = self._timestamp(before.tbs_certificate_bytes)
        seen = x509.UnrecognizedExtension(SCTS, bytes([4, len(scts)]) + scts)
        made = builder.add_extension(seen, critical=False).sign(self._ca, hashes.SHA256())
        chain = [it.public_bytes(serialization.Encoding.PEM).decode() for it in (made, self._root)]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}

    def _timestamp(self, certificate: bytes) -> bytes:
        at = int(time.time()) * 1000
        entry = _id(self._ca) + len(certificate).to_bytes(3, "big") + certificate
        signature = _sign(self._ct, struct.pack("!BBQH", 0, 0, at, 1) + entry + b"\0\0")
        one = b"\0" + _id(self._ct) + struct.pack("!QHBBH", at, 0, 4, 3, len(signature)) + signature
        return struct.pack("!HH", len(one) + 2, len(one)) + one

    def _logged(self, proposed: dict[str, Any]) -> dict[str, Any]:
        """An entry in a log of its own."""
        content = proposed["spec"]["proposedContent"]
        envelope = json.loads(content["envelope"])
        hashed = {
            name: {"algorithm": "sha256", "value": hashlib.sha256(it).hexdigest()}
            for name, it in (
                ("envelopeHash", content["envelope"].encode()),
                ("payloadHash", base64.b64decode(envelope["payload"])),
            )
        }
        signatures = [{"signature": it["sig"], "verifier": content["verifiers"][0]} for it in envelope["signatures"]]
        body = rfc8785.dumps({"apiVersion": "0.0.1", "kind": "dsse", "spec": hashed | {"signatures": signatures}})
        told = {"body": b64(body), "integratedTime": int(time.time()), "logID": _id(self._rekor).hex(), "logIndex": 0}
        root = hashlib.sha256(b"\0" + body).digest()
        note = f"{HOST} - 1\n1\n{b64(root)}\n"
        signed = b64(_id(self._rekor)[:4] + _sign(self._rekor, note.encode()))
        proof = {"logIndex": 0, "treeSize": 1, "rootHash": root.hex(), "hashes": []}
        proof["checkpoint"] = f"{note}\n\u2014 {HOST} {signed}\n"
        promise = b64(_sign(self._rekor, rfc8785.dumps(told)))
        self.entries.append(envelope)
        return {"uuid": told | {"verification": {"inclusionProof": proof, "signedEntryTimestamp": promise}}}


@contextmanager
def sigstore(folder: Path) -> Iterator[tuple[Sigstore, dict[str, str]]]:
    """One that runs, and the environment of a job of GitHub Actions that uses it."""
    it = Sigstore()
    with answering(it.behave) as host:
        file = folder / "trust.json"
        file.write_text(it.trust(f"http://{host}"))
        yield (
            it,
            {
                "WAYBILL_SIGSTORE_TRUST": str(file),
                "GITHUB_ACTIONS": "true",
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://{host}/token?api-version=2",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "planted-request-token",
            },
        )


def _der(key: ec.EllipticCurvePrivateKey) -> bytes:
    shape = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, shape)


def _id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_der(key)).digest()


def _sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    return key.sign(data, ec.ECDSA(hashes.SHA256()))
