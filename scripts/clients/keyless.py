"""Signatures of an identity in place of a key: https://docs.sigstore.dev/about/overview/

A job of CI proves by a token who it is, Fulcio gives it a certificate for some minutes, and Rekor keeps what was signed
with that. The package `sigstore` is an extra, and imported when it is used.
"""

import base64
import os
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from ..errors import Refused
from .bundle import SIGNED, signature_of, stated_in

if TYPE_CHECKING:
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken

TRUST = "WAYBILL_SIGSTORE_TRUST"
AUDIENCE, GITLABS = "sigstore", "SIGSTORE_ID_TOKEN"
GITHUB = "https://token.actions.githubusercontent.com"


class Workflow(Struct, frozen=True):
    """A workflow as a certificate names it: `identity` is its address, `issuer` is who gives its tokens."""

    issuer: str
    identity: str

    def __str__(self) -> str:
        return f"{self.identity.removeprefix('https://')} of {self.issuer}"  # else its `@` looks like a login's

    def stated(self, text: bytes, digest: str) -> str | None:
        """The type of what a bundle states of the manifest of this digest; None where this workflow states nothing of
        it, or Sigstore does not vouch for that."""
        need_sigstore()
        from sigstore.models import Bundle
        from sigstore.verify import Verifier, policy

        verifier = Verifier(trusted_root=_trust().trusted_root)
        try:
            bundle = Bundle.from_json(text)
            wanted = policy.Identity(identity=self.identity, issuer=self.issuer)
            payload_type, payload = verifier.verify_dsse(bundle, wanted)
        except Exception:  # of many kinds: what is not proven is no signature
            return None
        return stated_in(payload_type, payload, digest)


class JobSigner:
    """Signs as the job of CI that runs this."""

    repeats = False

    def __init__(self, token: "IdentityToken") -> None:
        self._token, self.public = token, _workflow(str(token), token.federated_issuer, token.identity)

    def bundle(self, digest: str) -> bytes:
        """Another one each time; refused where Sigstore does not sign, or as somebody else."""
        from sigstore.dsse import Statement
        from sigstore.sign import SigningContext

        trust = _trust()
        try:
            with SigningContext.from_trust_config(trust).signer(self._token) as signer:
                made = signer.sign_dsse(Statement(signature_of(digest, name="")))
        except Exception as error:  # of many kinds, whose texts might repeat the token
            raise Refused(
                f"Sigstore did not sign as {self.public}: {type(error).__name__}.",
                "See whether fulcio.sigstore.dev, rekor.sigstore.dev and timestamp.sigstore.dev can be reached from "
                "here, then run the same command again.",
                fault="machine",
            ) from error
        text = str(made.to_json()).encode()
        if self.public.stated(text, digest) != SIGNED:
            raise Refused(
                f"Sigstore signed as another workflow than {self.public}, or not verifiably.",
                "Sign with a key, and tell us what CI this is.",
                fault="machine",
            )
        return text


def job_signer() -> JobSigner:
    """The signer of the job that runs this; refused where no CI gives a token."""
    need_sigstore()
    from sigstore.oidc import IdentityToken, detect_credential

    token = os.environ.get(GITLABS, "")
    try:
        if token := detect_credential() or "":
            return JobSigner(IdentityToken(token))
        why = "this is no job of GitHub Actions or GitLab CI"
    except Exception as error:  # of two packages, whose texts might repeat the token
        why = _wrong(token) or f"the job's token cannot be had or read ({type(error).__name__})"
    raise Refused(
        f'`sign = "keyless"` needs a token of the CI that says which workflow this is, and {why}.',
        "In GitHub Actions give the job `permissions: {id-token: write}`; in GitLab CI `id_tokens: {SIGSTORE_ID_TOKEN: "
        "{aud: sigstore}}`.",
        fault="you",
    )


def _wrong(token: str) -> str:
    """What keeps a token from being taken, "" where that is not known."""
    try:
        claims, now = _claims(token), time.time()
        since, until = (float(claims.get(name, now)) for name in ("nbf", "exp"))
        clock, begin, end = (time.strftime("%FT%TZ", time.gmtime(it)) for it in (now, since, until))
    except (ValueError, TypeError, OverflowError, OSError, IndexError, msgspec.MsgspecError):
        return ""
    if not since <= now <= until:
        told = f"begins at {begin}" if now < since else f"ended at {end}"
        return f"the time of the job's token {told}: this machine's clock says {clock}, correct it or run the job again"
    said = claims.get("aud")
    audience = said if isinstance(said, list) else [said]
    return "" if AUDIENCE in audience else f"the job's token is not for the audience {AUDIENCE}"


def need_sigstore() -> None:
    try:
        import sigstore  # noqa: F401
    except ImportError as error:
        raise Refused(
            "Signatures without a key need the package sigstore, and this Waybill was installed without it.",
            "Install it with its extra: `pip install 'waybill-ledger[keyless]'`.",
            fault="machine",
        ) from error


def _workflow(token: str, issuer: str, identity: str) -> Workflow:
    """As Fulcio names it (github.com/sigstore/fulcio, config/identity/config.yaml)."""
    claims = _claims(token)
    if issuer == GITHUB and "job_workflow_ref" in claims:
        identity = f"https://github.com/{claims['job_workflow_ref']}"
    elif "ci_config_ref_uri" in claims:
        identity = f"https://{claims['ci_config_ref_uri']}"
    return Workflow(issuer, identity)


def _claims(token: str) -> dict[str, Any]:
    """What it says, which is not verified here."""
    part = token.split(".")[1]
    return msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=dict[str, Any])


def _trust() -> "ClientTrustConfig":
    return _trust_of(os.environ.get(TRUST) or None)


@cache
def _trust_of(file: str | None) -> "ClientTrustConfig":
    """Sigstore's own, as it is now; or that of the file, for one that people run themselves."""
    from sigstore.models import ClientTrustConfig

    try:
        return ClientTrustConfig.from_json(Path(file).read_text()) if file else ClientTrustConfig.production()
    except Exception as error:  # of many kinds
        raise Refused(
            f"Whom Sigstore trusts is not known: {file or 'tuf-repo-cdn.sigstore.dev'} cannot be read "
            f"({type(error).__name__}).",
            f"Let this machine reach it; or name in {TRUST} a file as `sigstore --trust-config` takes it.",
            fault="machine",
        ) from error
