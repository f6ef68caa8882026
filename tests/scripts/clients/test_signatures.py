"""A signature is a Sigstore bundle that refers to a manifest: found by those who have the key, lost to nobody."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.clients import referrers, signatures
from scripts.clients.bundle import BUNDLE, SIGNED, bundle, stated
from scripts.clients.keyless import Workflow, job_signer
from scripts.clients.manifest import OCI_INDEX, OCI_MANIFEST
from scripts.clients.registry import Registry
from scripts.clients.signatures import sign, statements
from scripts.clients.signing_key import SigningKey, public_key, signing_key
from scripts.document import digest_of
from scripts.errors import Refused
from tests.support.registry_stand_in import Behaviour, answering, says
from tests.support.scripts.signing import private, public
from tools.demo.image import crane, push_image

AT = "2026-01-02T03:04:05Z"
DIGEST = f"sha256:{'a' * 64}"


def key() -> SigningKey:
    return signing_key(private(), None)


@pytest.fixture
def repository(registry: str, tmp_path: Path) -> str:
    return f"{registry}/signed-{tmp_path.name}"


def index(repository: str, digest: str) -> list[dict[str, Any]]:
    found = json.loads(crane("manifest", "--insecure", f"{repository}:{digest.replace(':', '-')}"))
    assert found["mediaType"] == OCI_INDEX
    return list(found["manifests"])


@pytest.mark.long
def test_it_is_found_by_its_key_alone_and_made_once(repository: str) -> None:
    digest, mine, other = push_image(repository), key(), key()
    assert next(statements(Registry(), repository, digest, mine.public), None) is None
    assert sign(Registry(), repository, digest, mine, AT)
    assert next(statements(Registry(), repository, digest, mine.public), None) == SIGNED
    assert next(statements(Registry(), repository, digest, other.public), None) is None
    before = index(repository, digest)
    assert not sign(Registry(), repository, digest, mine, AT)
    assert index(repository, digest) == before
    assert sign(Registry(), repository, digest, other, AT)
    assert index(repository, digest)[:1] == before
    assert len(index(repository, digest)) == 2


def test_of_more_than_are_read_it_is_not_known(repository: str, monkeypatch: pytest.MonkeyPatch) -> None:
    digest, (mine, other, stranger) = push_image(repository), (key(), key(), key())
    for it in (mine, other):
        sign(Registry(), repository, digest, it, AT)
    monkeypatch.setattr(signatures, "MOST", 1)
    assert next(statements(Registry(), repository, digest, mine.public)) == SIGNED
    with pytest.raises(Refused, match=r"has 2 bundles, of which 1 are read, and whether key .* is not known"):
        next(statements(Registry(), repository, digest, stranger.public))


def test_what_openssl_verifies_is_what_dsse_signs(repository: str, tmp_path: Path) -> None:
    """https://github.com/secure-systems-lab/dsse/blob/master/protocol.md#signature-definition"""
    pem, digest = private(), push_image(repository)
    sign(Registry(), repository, digest, signing_key(pem, None), AT)
    entry = index(repository, digest)[0]
    assert (entry["artifactType"], entry["mediaType"]) == (BUNDLE, OCI_MANIFEST)
    manifest = json.loads(crane("manifest", "--insecure", f"{repository}@{entry['digest']}"))
    assert manifest["subject"] == {
        "mediaType": OCI_MANIFEST,
        "size": len(crane("manifest", "--insecure", f"{repository}@{digest}")),
        "digest": digest,
    }
    assert manifest["annotations"]["org.opencontainers.image.created"] == AT
    text = json.loads(crane("blob", "--insecure", f"{repository}@{manifest['layers'][0]['digest']}"))
    envelope = text["dsseEnvelope"]
    payload = base64.b64decode(envelope["payload"])
    assert json.loads(payload)["subject"] == [{"digest": {"sha256": digest[7:]}}]
    kind = envelope["payloadType"].encode()
    (tmp_path / "signature").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    file = public(pem, tmp_path / "public.pem")
    verify = ["openssl", "dgst", "-sha256", "-verify", file, "-signature", tmp_path / "signature"]
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    assert subprocess.run(verify, input=signed, capture_output=True, check=False).stdout == b"Verified OK\n"


@pytest.mark.long
def test_of_many_signers_at_once_none_is_lost(repository: str) -> None:
    digest, keys = push_image(repository), [key() for _ in range(8)]
    with ThreadPoolExecutor(len(keys)) as pool:
        assert all(pool.map(lambda it: sign(Registry(), repository, digest, it, AT), keys))
    assert [[*statements(Registry(), repository, digest, it.public)] for it in keys] == [[SIGNED]] * len(keys)


@pytest.mark.long
def test_what_a_killed_run_left_is_completed(repository: str) -> None:
    """The bundle was pushed, and the index does not name it yet."""
    digest, mine = push_image(repository), key()
    sign(Registry(), repository, digest, mine, AT)
    before = index(repository, digest)
    tag = crane("digest", "--insecure", f"{repository}:{digest.replace(':', '-')}")
    crane("delete", "--insecure", f"{repository}@{tag}")
    assert sign(Registry(), repository, digest, mine, AT)
    assert index(repository, digest) == before


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda it: it, SIGNED),
        (lambda it: it | {"dsseEnvelope": it["dsseEnvelope"] | {"payloadType": "text/plain"}}, None),
        (lambda it: it | {"dsseEnvelope": it["dsseEnvelope"] | {"signatures": []}}, None),
        (lambda it: it | {"dsseEnvelope": it["dsseEnvelope"] | {"signatures": [{"sig": "no base64"}]}}, None),
        (lambda it: it | {"dsseEnvelope": it["dsseEnvelope"] | {"payload": "e30="}}, None),
        (lambda it: {"mediaType": BUNDLE}, None),
        (lambda it: [], None),
    ],
)
def test_a_bundle_that_was_changed_states_nothing(change: Callable[[Any], Any], found: str | None) -> None:
    mine = key()
    text = json.dumps(change(json.loads(bundle(DIGEST, mine.sign, mine.public.hint)))).encode()
    assert stated(text, DIGEST, mine.public.is_signature) == found
    assert stated(text, f"sha256:{'b' * 64}", mine.public.is_signature) is None
    assert stated(text[:-9], DIGEST, mine.public.is_signature) is None


def test_what_is_signed_and_states_nothing_is_no_signature() -> None:
    mine = key()
    for payload in (b"[]", b"{}", b'{"subject": "all", "predicateType": "x"}'):
        kind = b"application/vnd.in-toto+json"
        sig = mine.sign(b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload))
        envelope = {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": kind.decode(),
            "signatures": [{"sig": base64.b64encode(sig).decode()}],
        }
        assert stated(json.dumps({"dsseEnvelope": envelope}).encode(), DIGEST, mine.public.is_signature) is None


def test_an_index_of_something_else_stays_as_it_is(repository: str) -> None:
    digest = push_image(repository)
    crane("tag", "--insecure", f"{repository}@{digest}", digest.replace(":", "-"))
    with pytest.raises(Refused, match="is no index of what refers to"):
        sign(Registry(), repository, digest, key(), AT)
    assert crane("digest", "--insecure", f"{repository}:{digest.replace(':', '-')}") == digest
    with pytest.raises(Refused, match="holds no sha256"):
        sign(Registry(), repository, DIGEST, key(), AT)


def listing(registry: str, *, keeps: bool, then: int = 200) -> Behaviour:
    """The real registry with a list of referrers of its own, which may be without what was pushed; `then`: what it
    answers for the list."""
    pushed: list[dict[str, Any]] = []

    def behave(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        if "/referrers/" in request.path:
            text = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": pushed}).encode()
            says(then, text if then == 200 else b"404 page not found", Content_Type=OCI_INDEX)(request)
            return
        kept = {name: it for name, it in request.headers.items() if name in ("Accept", "Content-Type")}
        answer = httpx.request(request.command, f"http://{registry}{request.path}", content=body, headers=kept)
        if request.command == "PUT" and "/manifests/" in request.path and keeps:
            pushed.append({"mediaType": OCI_MANIFEST, "digest": digest_of(body), "artifactType": BUNDLE})
        head = {k: v for k, v in answer.headers.items() if k in ("content-type", "docker-content-digest")}
        if where := answer.headers.get("location"):
            head["Location"] = where.partition(registry)[2]
        says(answer.status_code, answer.content, **head)(request)

    return behave


def test_a_registry_that_lists_referrers_gets_no_index(registry: str, tmp_path: Path) -> None:
    name = f"listed-{tmp_path.name}"
    digest, mine = push_image(f"{registry}/{name}"), key()
    with answering(listing(registry, keeps=True)) as host:
        assert sign(Registry(), f"{host}/{name}", digest, mine, AT)
        assert next(statements(Registry(), f"{host}/{name}", digest, mine.public), None) == SIGNED
        assert not sign(Registry(), f"{host}/{name}", digest, mine, AT)
    assert digest.replace(":", "-") not in crane("ls", "--insecure", f"{registry}/{name}").splitlines()


@pytest.mark.parametrize(("then", "said"), [(200, "does not list it"), (500, "answered 500"), (403, "answered 403")])
def test_a_registry_that_keeps_none_is_refused(registry: str, tmp_path: Path, then: int, said: str) -> None:
    name = f"unlisted-{tmp_path.name}"
    digest = push_image(f"{registry}/{name}")
    with answering(listing(registry, keeps=False, then=then)) as host, pytest.raises(Refused, match=said):
        sign(Registry(), f"{host}/{name}", digest, key(), AT)


ENCRYPTED = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes256", "-pass"]


@pytest.mark.parametrize(
    ("pem", "password", "said"),
    [
        (None, None, "none is given"),
        ("", None, "none is given"),
        (" \n", None, "none is given"),
        ("planted", None, "cannot be read: it is no private key in PEM"),
        ("-----BEGIN PRIVATE KEY-----\nplanted\n-----END PRIVATE KEY-----", None, "it is no private key in PEM"),
        ("-----BEGIN PUBLIC KEY-----\nplanted\n-----END PUBLIC KEY-----", None, "that is the public key"),
        (
            "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\ne30=\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----",
            "planted",
            "WAYBILL_SIGNING_PASSWORD is not its password",
        ),
        (["openssl", "genpkey", "-algorithm", "ED25519"], None, "is not one of ECDSA on the curve P-256"),
        (["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout"], None, "is not one of ECDSA"),
        ([*ENCRYPTED, "pass:planted"], None, "it is encrypted, and no WAYBILL_SIGNING_PASSWORD is given"),
        ([*ENCRYPTED, "pass:planted"], "other", "WAYBILL_SIGNING_PASSWORD is not its password"),
        (["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"], "unneeded", ""),
        ([*ENCRYPTED, "pass:planted"], "planted", ""),
    ],
)
def test_keys_that_sign(pem: list[str] | str | None, password: str | None, said: str) -> None:
    text = private(*pem) if isinstance(pem, list) else pem
    if not said:
        assert signing_key(text, password)
        return
    with pytest.raises(Refused) as refused:
        signing_key(text, password)
    assert said in refused.value.what
    assert "planted" not in refused.value.what + refused.value.remedy
    with pytest.raises(Refused, match="holds no public key"):
        public_key(b"planted", "cosign.pub")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is installed by itself."""
    for name in ("nacl", "nacl.secret"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(Refused) as refused:
        signing_key("any", None)
    said = refused.value
    assert (said.fault, said.remedy) == ("machine", "Install it with its extra: `pip install 'waybill-ledger[sign]'`.")


def lists(body: bytes, **headers: str) -> Behaviour:
    """A registry that takes everything, and lists this as what refers to a manifest, or under a tag."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers.get("Content-Length", 0)))
        if request.command == "GET" and "/referrers/" in request.path and headers:
            says(200, body, Content_Type=OCI_INDEX, **headers)(request)
        elif request.command == "GET" and "/manifests/sha256-" in request.path:
            says(200, body)(request)
        else:
            says({"POST": 202, "PUT": 201, "HEAD": 200}.get(request.command, 404), Location="up")(request)

    return behave


@pytest.mark.long
def test_a_list_without_end_and_an_index_that_never_holds_it_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(referrers, "TRIES", 2)
    monkeypatch.setattr(referrers, "SHORTEST", 0.01)
    empty = b'{"schemaVersion": 2, "manifests": []}'
    entry = {"mediaType": OCI_MANIFEST, "digest": DIGEST, "size": 2}
    with answering(lists(empty)) as host, pytest.raises(Refused, match="all the while"):
        referrers._add(Registry(), f"{host}/a", DIGEST, entry)
    endless = lists(empty, Link='</v2/a/referrers/x>; rel="next"')
    with answering(endless) as host, pytest.raises(Refused, match="more than 100 pages"):
        Registry().referrers(f"{host}/a", DIGEST)


def test_without_sigstore_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigstore", None)
    for ask in (job_signer, lambda: Workflow("https://gitlab.com", "a").stated(b"{}", f"sha256:{'a' * 64}")):
        with pytest.raises(Refused, match="need the package sigstore") as error:
            ask()
        assert error.value.remedy == "Install it with its extra: `pip install 'waybill-ledger[keyless]'`."
