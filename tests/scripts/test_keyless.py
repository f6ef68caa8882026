"""`sign = "keyless"`, and `verify_image` with an identity: signatures of a workflow, by the package `sigstore`.

Verifying is proven with an attestation of cosign's own tests, for which Sigstore itself vouched. Signing is proven with
a stand-in, which Sigstore's client takes for Fulcio and Rekor: these are on the internet alone.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.clients import keyless
from scripts.clients.bundle import BUNDLE, SIGNED
from scripts.clients.keyless import Workflow
from scripts.clients.referrers import refer
from scripts.clients.registry import Registry
from scripts.clients.signatures import statements
from scripts.errors import Refused
from tests.scripts.test_sign import published
from tests.support.builders import World
from tests.support.scripts.everything import everything
from tools.demo.image import crane

needs_sigstore = pytest.importorskip("sigstore", reason="requirements/keyless.txt has sigstore")
from tests.support.sigstore_stand_in import ISSUER, REF, Sigstore, sigstore, token  # noqa: E402

# Of cosign 3.1.3 (Apache-2.0), pkg/cosign/testdata: of Sigstore's own Fulcio and Rekor.
ATTESTED = Path(__file__).resolve().parents[1] / "support/scripts/oci-attestation.sigstore.json"
ITS_DIGEST = "sha256:732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4"
ITS_SIGNATORY = Workflow("https://github.com/login/oauth", "cody@soyland.com")
PREDICATE = "https://cosign.sigstore.dev/attestation/v1"
RELEASE = f"https://github.com/{REF}"
JOB = Workflow(ISSUER, RELEASE)


@pytest.fixture
def job(tmp_path: Path) -> Iterator[tuple[Sigstore, dict[str, str]]]:
    (tmp_path / "sigstore").mkdir()
    with sigstore(tmp_path / "sigstore") as found:
        yield found


@pytest.fixture
def trust(job: tuple[Sigstore, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """This process trusts the stand-in."""
    monkeypatch.setenv(keyless.TRUST, job[1][keyless.TRUST])


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Sigstore's own root of trust, as the package has it."""
    store = Path(needs_sigstore.__file__).parent / "_store" / "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"
    parts = {"trustedRoot": "trusted_root.json", "signingConfig": "signing_config.v0.2.json"}
    whole = {name: json.loads((store / file).read_text()) for name, file in parts.items()}
    file = tmp_path / "public.json"
    file.write_text(json.dumps({"mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json", **whole}))
    monkeypatch.setenv(keyless.TRUST, str(file))


@pytest.mark.long
def test_what_sigstore_vouched_for_is_verified(public: None) -> None:
    assert ITS_SIGNATORY.stated(ATTESTED.read_bytes(), ITS_DIGEST) == PREDICATE


@pytest.mark.parametrize(
    ("workflow", "digest"),
    [
        (ITS_SIGNATORY, ITS_DIGEST.replace("7", "8")),
        (Workflow("https://accounts.example", ITS_SIGNATORY.identity), ITS_DIGEST),
        (Workflow(ITS_SIGNATORY.issuer, "somebody@soyland.com"), ITS_DIGEST),
    ],
)
def test_another_digest_issuer_or_identity_is_none(public: None, workflow: Workflow, digest: str) -> None:
    assert workflow.stated(ATTESTED.read_bytes(), digest) is None


def changes(whole: Any) -> Iterator[bytes]:
    """The bundle with one of its texts cut, each by itself."""

    def inside(value: Any) -> Iterator[tuple[Any, Any]]:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(item, dict | list):
                yield from inside(item)
            else:
                yield value, key

    for place, key in inside(whole):
        kept = place[key]
        place[key] = kept[:-8] + "AAAAAAA=" if len(kept) > 40 else f"{kept}1"
        yield json.dumps(whole).encode()
        place[key] = kept


def test_no_text_of_the_bundle_can_be_another(public: None) -> None:
    texts = list(changes(json.loads(ATTESTED.read_text())))
    assert len(texts) > 10
    taken = [text for text in texts if ITS_SIGNATORY.stated(text, ITS_DIGEST)]
    # What no signature is over: a hint, and which key of the log signs, which is sought by the signature.
    assert len(taken) <= 2, taken


@pytest.mark.long
def test_a_job_signs_chart_and_manifests_once(
    world: World, job: tuple[Sigstore, dict[str, str]], trust: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in, env = job
    env = env | {"WAYBILL_SIGN": "keyless", "WAYBILL_ARTIFACT": f"oci://{world.registry}/manifests-{world.folder.name}"}
    image = world.image()
    ran = world.waybill("ship", "--json", "--image", image, env=env)
    assert ran.code == 0, ran.stderr
    assert f"signed by {JOB}" in ran.stderr
    assert "planted" not in ran.stderr + ran.stdout
    for it in published(ran.json):
        repository, digest = it.split("@")
        assert list(statements(Registry(), repository, digest, JOB)) == [SIGNED]
        index = json.loads(crane("manifest", "--insecure", f"{repository}:{digest.replace(':', '-')}"))
        assert [entry["artifactType"] for entry in index["manifests"]] == [BUNDLE]
    before, entries = everything(world), len(stand_in.entries)
    again = world.waybill("ship", "--json", "--image", image, env=env)
    assert (again.code, again.json, "was signed before by" in again.stderr) == (0, ran.json, True)
    assert (everything(world), len(stand_in.entries), entries) == (before, 2, 2)


@pytest.mark.long
def test_an_attestation_of_the_same_workflow_is_no_signature(
    world: World, job: tuple[Sigstore, dict[str, str]], trust: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As actions/attest makes it of an image: ship signs beside it, and verify_image takes it."""
    for name, value in job[1].items():
        monkeypatch.setenv(name, value)
    repository, digest = world.image().split("@")
    monkeypatch.setattr("scripts.clients.bundle.SIGNED", "https://slsa.dev/provenance/v1")
    monkeypatch.setattr("scripts.clients.keyless.SIGNED", "https://slsa.dev/provenance/v1")
    text = keyless.job_signer().bundle(digest)
    refer(Registry(), repository, digest, text, artifact_type=BUNDLE, annotations={})
    assert SIGNED not in statements(Registry(), repository, digest, JOB)
    verify = {"WAYBILL_VERIFY_IMAGE": f"issuer={ISSUER},identity={RELEASE}", keyless.TRUST: job[1][keyless.TRUST]}
    shipped = world.ship(f"{repository}@{digest}", env=verify)
    assert shipped["images"][0]["verified"] == {"by": str(JOB), "predicate": "https://slsa.dev/provenance/v1"}


@pytest.mark.long
def test_an_image_of_another_workflow_is_refused(world: World, job: tuple[Sigstore, dict[str, str]]) -> None:
    env = {"WAYBILL_VERIFY_IMAGE": f"issuer={ISSUER},identity={RELEASE}", keyless.TRUST: job[1][keyless.TRUST]}
    image, before = world.image(), everything(world)
    ran = world.waybill("ship", "--image", image, env=env)
    assert (ran.code, f"no attestation of {JOB}" in ran.stderr) == (1, True), ran.stderr
    assert world.tags() == {}
    assert everything(world).keys() - before.keys() <= {it for it in everything(world) if ".waybill" in it}


@pytest.mark.long
@pytest.mark.parametrize("command", ["ship", "plan"])
def test_without_a_token_of_ci_nothing_is_out(world: World, command: str) -> None:
    ran = world.waybill(command, "--image", world.image(), env={"WAYBILL_SIGN": "keyless"})
    said = "this is no job of GitHub Actions or GitLab CI" if command == "ship" else "ship needs the token of the job"
    assert (ran.code, said in ran.stderr) == (int(command == "ship"), True), ran.stderr
    assert world.tags() == {}


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"GITHUB_ACTIONS": "true"}, "the job's token cannot be had or read"),
        ({"GITLAB_CI": "true", "SIGSTORE_ID_TOKEN": "planted.token"}, "the job's token cannot be had or read"),
        (
            {"GITLAB_CI": "true", "SIGSTORE_ID_TOKEN": {"exp": 1}},
            "token ended at 1970-01-01T00:00:01Z: this machine's",
        ),
        (
            {"GITLAB_CI": "true", "SIGSTORE_ID_TOKEN": {"nbf": 2**33}},
            "token begins at 2242-03-16T12:56:32Z: this machine",
        ),
        ({"GITLAB_CI": "true", "SIGSTORE_ID_TOKEN": {"aud": "other"}}, "is not for the audience sigstore"),
        ({"GITLAB_CI": "true", "SIGSTORE_ID_TOKEN": {"exp": "planted"}}, "the job's token cannot be had or read"),
        ({"GITLAB_CI": "true", "SIGSTORE_ID_TOKEN": {"nbf": 1e300}}, "the job's token cannot be had or read"),
    ],
)
def test_a_token_that_is_none_is_refused(env: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in env.items():  # claims are of a token that begins now
        monkeypatch.setenv(name, value if isinstance(value, str) else token(**value))
    with pytest.raises(Refused, match=said) as error:
        keyless.job_signer()
    assert "planted" not in str(error.value)


def test_a_job_of_gitlab_is_named_as_its_certificate_is(
    job: tuple[Sigstore, dict[str, str]], trust: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = "gitlab.com/acme/orders//.gitlab-ci.yml@refs/heads/main"
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", token(iss="https://gitlab.com", ci_config_ref_uri=place))
    signer = keyless.job_signer()
    assert signer.public == Workflow("https://gitlab.com", f"https://{place}")
    assert signer.public.stated(signer.bundle(ITS_DIGEST), ITS_DIGEST) == SIGNED


def test_a_sigstore_that_fails_or_signs_as_another_is_refused(
    job: tuple[Sigstore, dict[str, str]], trust: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in, env = job
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    signer = keyless.job_signer()
    signer.public = Workflow(ISSUER, "https://github.com/other")
    with pytest.raises(Refused, match="Sigstore signed as another workflow"):
        signer.bundle(ITS_DIGEST)
    stand_in.failing = True
    with pytest.raises(Refused, match=r"Sigstore did not sign as github\.com/other"):
        signer.bundle(ITS_DIGEST)
    with pytest.raises(Refused, match="the job's token cannot be had"):
        keyless.job_signer()


def test_whom_sigstore_trusts_has_to_be_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keyless.TRUST, str(tmp_path / "absent"))
    with pytest.raises(Refused, match="Whom Sigstore trusts is not known"):
        ITS_SIGNATORY.stated(ATTESTED.read_bytes(), ITS_DIGEST)
