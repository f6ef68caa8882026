"""docker's config.json in every shape that `helm push` takes is read as helm reads it: both are tried side by side."""

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.clients.registry import Registry
from scripts.errors import Refused
from tools.demo.registry import serve_registry

USER, PASSWORD = "ada", "s3cret-Pa55word"
HTPASSWD = f"{USER}:$2b$04$abcdefghijklmnopqrstuubCE58YYjHwrrIsKQTYVILsi00aM3T52\n"
AUTH = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
WRONG = base64.b64encode(f"{USER}:wrong".encode()).decode()
PLAIN = f'{{"username": "{USER}", "password": "{PASSWORD}"}}'

# Shapes of the file, and whether they hold a login for HOST.
SHAPES: dict[str, tuple[str, bool]] = {
    "auth": ('{"auths": {"HOST": {"auth": "AUTH"}}}', True),
    "user and password": (f'{{"auths": {{"HOST": {PLAIN}}}}}', True),
    "names in another case": (
        f'{{"auths": {{"HOST": {PLAIN.replace("user", "User").replace("pass", "PASS")}}}}}',
        True,
    ),
    "auth before user and password": (
        '{"auths": {"HOST": {"username": "x", "password": "y", "auth": "AUTH"}}}',
        True,
    ),
    "a wrong auth before user and password": (f'{{"auths": {{"HOST": {PLAIN[:-1]}, "auth": "WRONG"}}}}}}', False),
    "http://": ('{"auths": {"http://HOST": {"auth": "AUTH"}}}', True),
    "https://": ('{"auths": {"https://HOST": {"auth": "AUTH"}}}', True),
    "https:// and a slash": ('{"auths": {"https://HOST/": {"auth": "AUTH"}}}', True),
    "version 1": ('{"auths": {"https://HOST/v1/": {"auth": "AUTH"}}}', True),
    "version 2": ('{"auths": {"https://HOST/v2/": {"auth": "AUTH"}}}', True),
    "a path": ('{"auths": {"HOST/charts": {"auth": "AUTH"}}}', True),
    "the host itself before a URL": (
        '{"auths": {"https://HOST/v1/": {"auth": "WRONG"}, "HOST": {"auth": "AUTH"}}}',
        True,
    ),
    "nulls": ('{"credHelpers": null, "credsStore": null, "auths": {"HOST": {"auth": "AUTH"}}}', True),
    "an empty helper": ('{"credHelpers": {"HOST": ""}, "credsStore": "", "auths": {"HOST": {"auth": "AUTH"}}}', True),
    "a helper that is null": ('{"credHelpers": {"HOST": null}, "auths": {"HOST": {"auth": "AUTH"}}}', True),
    "a line end in auth": ('{"auths": {"HOST": {"auth": "AU\\nTH\\r\\n"}}}', True),
    "other keys": ('{"HttpHeaders": {"a": "b"}, "proxies": [], "auths": {"HOST": {"auth": "AUTH", "email": 1}}}', True),
    "something after it": ('{"auths": {"HOST": {"auth": "AUTH"}}} and more', True),
    "blanks before it": (' \n\t{"auths": {"HOST": {"auth": "AUTH"}}}', True),
    "bytes that are no text": ('{"comment": "\udcff", "auths": {"HOST": {"auth": "AUTH"}}}', True),
    "nulls beside it": ('{"auths": {"HOST": {"auth": "AUTH", "username": null, "identitytoken": null}}}', True),
    "another entry that is broken": ('{"auths": {"other.example": {"auth": "!"}, "HOST": {"auth": "AUTH"}}}', True),
    "null": ("null", False),
    "auths is null": ('{"auths": null}', False),
    "an entry that is null": ('{"auths": {"HOST": null}}', False),
    "an empty entry": ('{"auths": {"HOST": {}}}', False),
    "another host": ('{"auths": {"other.example": {"auth": "AUTH"}}}', False),
    "a longer host": ('{"auths": {"HOST0": {"auth": "AUTH"}}}', False),
    "auth without padding": ('{"auths": {"HOST": {"auth": "YWRhOng"}}}', False),
    "auth without a colon": ('{"auths": {"HOST": {"auth": "YWRh"}}}', False),
    "an empty file": ("", False),
    "a list": ("[]", False),
    "auths is a list": ('{"auths": []}', False),
    "a user that is a number": ('{"auths": {"HOST": {"username": 1, "password": "x"}}}', False),
}


@pytest.fixture(scope="module")
def basic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry that asks for a user and a password."""
    folder = tmp_path_factory.mktemp("basic")
    (folder / "htpasswd").write_text(HTPASSWD)
    with serve_registry(folder, {"htpasswd": {"realm": "waybill", "path": str(folder / "htpasswd")}}) as address:
        yield address


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chart")
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: orders\nversion: 1.0.0\n")
    subprocess.run(["helm", "package", folder, "--destination", folder], check=True, capture_output=True)
    return folder / "orders-1.0.0.tgz"


def helm_pushes(archive: Path, host: str) -> bool:
    push = ["helm", "push", archive, f"oci://{host}/charts", "--plain-http"]
    return subprocess.run(push, capture_output=True, check=False).returncode == 0


def waybill_reads(host: str) -> bool:
    try:
        Registry().tags(f"{host}/charts/orders")
    except Refused as error:
        return PASSWORD in error.what + error.remedy
    return True


@pytest.mark.parametrize("shape", SHAPES)
def test_both_take_it_or_neither_does(
    shape: str, basic: str, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, holds = SHAPES[shape]
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HELM_REGISTRY_CONFIG", "HELM_CONFIG_HOME", "XDG_CONFIG_HOME", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".docker").mkdir()
    text = text.replace("HOST", basic).replace("AUTH", AUTH).replace("WRONG", WRONG)
    text = text.replace("AU\\nTH", f"{AUTH[:8]}\\n{AUTH[8:]}")
    (tmp_path / ".docker/config.json").write_bytes(text.encode(errors="surrogateescape"))
    assert (helm_pushes(archive, basic), waybill_reads(basic)) == (holds, holds)
