"""`sign = "key"`: what a release publishes is signed, as cosign and Flux verify it; `verify_image`: so is its image."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.clients.registry import Registry
from scripts.clients.signatures import sign
from scripts.clients.signing_key import signing_key
from tests.support.builders import World, git
from tests.support.running_ledger import RunningLedger, serving
from tests.support.scripts.everything import everything
from tests.support.scripts.signing import complaint, private, public
from tools.demo.image import crane

PASSWORD = "planted-password"
# Of `cosign generate-key-pair`, version 3.1.3, with that password.
ENCRYPTED = """\
-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6
OCwicCI6MX0sInNhbHQiOiIwcURxbDNuV1loaUxzNGQ5NHpBeUMySFQrVEhocENW
ODVZZ3JBbGt5eUs0PSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiJZdmJvWllFbzdQM2F1UkR3cmNaREQzbUF1elRvSk8xMCJ9LCJj
aXBoZXJ0ZXh0IjoiQzU1TFJicUhuQ0lObVRMN1AyZkQycFZCT3gvYlhzSlFXcGlx
QStrVENGRGNYaEwxUUtDS28yQVFGVHZyMENIRURmTHc5cWd6U0hKcytBMnFzUjlC
QjFMTWFybGNRNU9wZ3dhUk1DcjBkTk55R1JETXdXdFJ0Um1lWlZXRFBkdFcraXBp
dVFYVmJXZFFobUkyZXpmdnlBY2FKMXNyeVdYTGpLbUFVZ0tsMEt0WmJJSjNQUVhQ
RGl0Ti9KbTB4eWhDT2cvVHZFNjlsZW44Z0E9PSJ9
-----END ENCRYPTED SIGSTORE PRIVATE KEY-----
"""
ITS_PUBLIC = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBQ1iMD0oNL7i8IJqbDV6AVu+r0B2
0q6hpRaUiEqfREmmyKXi2Vu6ldf9zGnLOMIqSl3Vml96NCyQz608dtq+sA==
-----END PUBLIC KEY-----
"""
AT = "2026-01-02T03:04:05Z"


@pytest.fixture
def key() -> str:
    return private()


@pytest.fixture
def env(world: World, key: str) -> dict[str, str]:
    artifact = f"oci://{world.registry}/manifests-{world.folder.name}/orders"
    return {"WAYBILL_SIGN": "key", "WAYBILL_SIGNING_KEY": key, "WAYBILL_ARTIFACT": artifact}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    with serving(tmp_path / "ledger", "orders", ["staging", "production"]) as it:
        yield it


def published(waybill: Any) -> list[str]:
    """Chart and manifests, by digest."""
    chart, artifact = waybill["chart"], waybill["artifact"]
    found = f"{chart['repository']}/{chart['name']}@{chart['digest']}", f"{artifact['repository']}@{artifact['digest']}"
    return [it.removeprefix("oci://") for it in found]


@pytest.mark.long
def test_chart_and_manifests_are_signed_once(world: World, env: dict[str, str], key: str, tmp_path: Path) -> None:
    image = world.image()
    shipped = world.ship(image, env=env)
    mine, other = public(key, tmp_path / "mine.pub"), public(private(), tmp_path / "other.pub")
    for it in published(shipped):
        assert complaint(mine, it) == ""
        assert complaint(other, it) != ""
    before = everything(world)
    assert world.ship(image, env=env) == shipped
    assert everything(world) == before
    promoted = world.waybill("promote", "--json", "--to", "production", "--version", "0.1.0", env=env)
    assert promoted.code == 0, promoted.stderr
    assert [complaint(mine, it) for it in published(promoted.json)] == ["", ""]


@pytest.mark.long
def test_what_was_published_before_is_signed_when_it_is_shipped_again(
    world: World, env: dict[str, str], key: str, tmp_path: Path
) -> None:
    image = world.image()
    unsigned = world.ship(image, env={name: it for name, it in env.items() if "SIGN" not in name})
    mine = public(key, tmp_path / "mine.pub")
    assert all(complaint(mine, it) for it in published(unsigned))
    assert world.ship(image, env=env) == unsigned
    assert [complaint(mine, it) for it in published(unsigned)] == ["", ""]
    for it in published(unsigned):  # as if killed before the index was written
        repository, digest = it.split("@")
        index = crane("digest", "--insecure", f"{repository}:{digest.replace(':', '-')}")
        crane("delete", "--insecure", f"{repository}@{index}")
        assert complaint(mine, it)
    assert world.ship(image, env=env) == unsigned
    assert [complaint(mine, it) for it in published(unsigned)] == ["", ""]


@pytest.mark.long
def test_a_key_of_cosign_with_its_password_in_files(world: World, env: dict[str, str], tmp_path: Path) -> None:
    for name, text in {"key": ENCRYPTED, "password": f"{PASSWORD}\n", "pub": ITS_PUBLIC}.items():
        (tmp_path / name).write_text(text)
    files = {f"WAYBILL_SIGNING_{name.upper()}_FILE": str(tmp_path / name) for name in ("key", "password")}
    shipped = world.ship(world.image(), env=env | {"WAYBILL_SIGNING_KEY": ""} | files)
    assert [complaint(tmp_path / "pub", it) for it in published(shipped)] == ["", ""]


@pytest.mark.parametrize(
    ("command", "key", "code", "said"),
    [
        ("ship", "", 1, "needs the private key, and none is given"),
        ("plan", "", 0, "whether it can be signed is not known: ship needs WAYBILL_SIGNING_KEY"),
        ("ship", "planted-key", 1, "cannot be read"),
        ("plan", "planted-key", 1, "cannot be read"),
        ("ship", ENCRYPTED, 1, "it is encrypted, and no WAYBILL_SIGNING_PASSWORD is given"),
    ],
)
def test_a_key_that_cannot_sign_is_known_before_anything_is_out(
    world: World, env: dict[str, str], command: str, key: str, code: int, said: str
) -> None:
    image, before = world.image(), everything(world)
    ran = world.waybill(command, "--image", image, env=env | {"WAYBILL_SIGNING_KEY": key})
    assert (ran.code, said in ran.stderr) == (code, True), ran.stderr
    assert "planted" not in ran.stderr + ran.stdout
    after = everything(world)
    assert {it for it in after if not it.startswith(str(world.checkout))} == {
        it for it in before if not it.startswith(str(world.checkout))
    }


@pytest.mark.long
def test_promote_signs_no_chart_and_needs_no_key_for_it(world: World, env: dict[str, str]) -> None:
    world.ship(world.image(), env=env)
    promote = ["promote", "--to", "production", "--version", "0.1.0"]
    ran = world.waybill(*promote, env={"WAYBILL_SIGN": "key"})
    assert ran.code == 0, ran.stderr
    ran = world.waybill(*promote, env=env | {"WAYBILL_SIGNING_KEY": ""})
    assert (ran.code, "none is given" in ran.stderr) == (1, True), ran.stderr


@pytest.mark.long
def test_an_image_that_is_signed_is_shipped_and_who_signed_it_is_told(
    world: World, key: str, ledger: RunningLedger
) -> None:
    image = world.image()
    repository, digest = image.split("@")
    file = public(key, world.checkout / "cosign.pub")
    world.commit({"keys/cosign.pub": file.read_text(), "README.md": "The key"})
    file.unlink()
    env = ledger.env | {"WAYBILL_VERIFY_IMAGE": "key=keys/cosign.pub"}
    for command in ("plan", "ship"):
        before = everything(world)
        ran = world.waybill(command, "--image", image, "--skip-image-check", env=env)
        assert (ran.code, "has no signature and no attestation of key sha256:" in ran.stderr) == (1, True), ran.stderr
        assert everything(world).keys() - before.keys() <= {it for it in everything(world) if ".waybill" in it}
        assert world.tags() == {}
    sign(Registry(), repository, digest, signing_key(private(), None), AT)  # somebody else's
    ran = world.waybill("ship", "--image", image, env=env)
    assert (ran.code, world.tags()) == (1, {})

    sign(Registry(), repository, digest, signing_key(key, None), AT)
    assert complaint(public(key, world.folder / "again.pub"), image) == ""
    shipped = world.ship(image, env=env)
    verified = shipped["images"][0]["verified"]
    by = f"key sha256:{signing_key(key, None).public.hint.hex()}"
    assert verified == {"by": by, "predicate": "https://sigstore.dev/cosign/sign/v1"}
    (record,) = [json.loads(it.read_text()) for it in world.gitops.glob("waybill-proposals/*.json")]
    assert by in record["body"]
    assert ledger.tells("/releases/orders/0.1.0")["images"][0]["verified"] == verified


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent.pub", "which verify_image.key names, cannot be read: No such file"),
        ("README.md", "holds no public key in PEM"),
        ("../outside.pub", "does not lie inside the repository"),
    ],
)
def test_a_key_that_verifies_nothing_is_refused(world: World, name: str, said: str) -> None:
    world.commit({"README.md": "No key"})
    ran = world.waybill("ship", "--image", world.image(), env={"WAYBILL_VERIFY_IMAGE": f"key={name}"})
    assert (ran.code, said in ran.stderr) == (1, True), ran.stderr
    assert world.tags() == {}


@pytest.mark.parametrize(
    "wanted", ["issuer=https://gitlab.com", "identity=release.yml", "key=cosign.pub,issuer=https://gitlab.com"]
)
def test_whose_signature_is_wanted_is_said_in_one_way(world: World, wanted: str) -> None:
    ran = world.waybill("ship", "--image", world.image(), env={"WAYBILL_VERIFY_IMAGE": wanted})
    assert (ran.code, "does not say whose signature an image must have" in ran.stderr) == (1, True), ran.stderr
    assert world.tags() == {}


@pytest.mark.long
def test_an_unsigned_image_is_not_promoted(world: World, key: str) -> None:
    image = world.image()
    shipped = world.ship(image)
    git(world.checkout, "pull", "--quiet", "origin", "main")
    world.commit({"cosign.pub": public(key, world.folder / "cosign.pub").read_text()})
    promote = ["promote", "--json", "--to", "production", "--version", "0.1.0"]
    env = {"WAYBILL_VERIFY_IMAGE": "key=cosign.pub"}
    before = everything(world)
    ran = world.waybill(*promote, env=env)
    assert (ran.code, "has no signature" in ran.stderr) == (1, True), ran.stderr
    assert git(world.gitops, "branch", "--list", "promote/*") == ""
    assert {it for it in everything(world) if "gitops" in it} == {it for it in before if "gitops" in it}
    sign(Registry(), *image.split("@"), signing_key(key, None), AT)
    ran = world.waybill(*promote, env=env)
    assert ran.code == 0, ran.stderr
    assert ran.json["images"][0] == shipped["images"][0] | {"verified": ran.json["images"][0]["verified"]}
