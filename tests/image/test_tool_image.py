"""The image of the release tool has all that a release needs, runs without root, and ships.

It needs buildah and a built image, so `make test` skips it.
"""

import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.demo.journey import travel
from tools.image.buildah import ENVIRONMENT, buildah, command, inspect

MEGABYTE = 1_000_000
LEDGER = os.environ.get("WAYBILL_IMAGE", "")
IMAGE = f"{LEDGER}-tool"
pytestmark = pytest.mark.skipif(not LEDGER, reason="`make image` builds the image with buildah and runs these")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def container() -> Iterator[str]:
    name = buildah("from", IMAGE)
    yield name
    buildah("rm", name)


def inside(container: str, *command: str) -> str:
    return buildah("run", container, "--", *command)


def test_every_program_of_a_release_runs(container: str) -> None:
    assert inside(container, "waybill", "--version").startswith("waybill, version ")
    assert inside(container, "git", "--version").startswith("git version ")
    assert inside(container, "helm", "version", "--short").startswith("v4.")
    assert inside(container, "kustomize", "version")


def test_it_can_sign_with_a_key_and_without(container: str) -> None:
    assert inside(container, "python", "-c", "import cryptography, nacl.secret, sigstore.sign") == ""


def test_it_is_nobody_and_cannot_change_the_program(container: str) -> None:
    assert inside(container, "id", "-u") == "65532"
    assert inspect(IMAGE)["config"]["User"] == "65532:65532"
    assert inside(container, "find", "/opt/waybill", "/usr/local/bin", "-writable", "-not", "-type", "l") == ""


def test_its_packages_take_less_than_60_megabytes(container: str) -> None:
    """25 without those that sign."""
    site = inside(container, "sh", "-c", "du --bytes --summarize --exclude=__pycache__ /opt/waybill/tool/lib")
    assert int(site.split()[0]) < 60 * MEGABYTE
    assert inside(container, "sh", "-c", "ls -d /opt/waybill/tool/lib/python*/site-packages/litestar || true") == ""


def test_it_ships_from_a_checkout_of_another_user(container: str, shared: Path) -> None:
    """As a CI runner mounts it: the files belong to root, and everybody may write."""
    names = [f"WAYBILL_{it}" for it in ("REGISTRY", "PLAIN_HTTP", "GITOPS", "LEDGER", "LEDGER_TOKEN")]
    settings = " ".join(f'--env={name}="${name}"' for name in names)
    run = command("run", "--volume", f"{shared}:{shared}")
    program = shared / "waybill-in-a-container"
    program.write_text(
        "#!/bin/sh\n"
        f"exec env {shlex.join(f'{name}={value}' for name, value in ENVIRONMENT.items())} {shlex.join(run)}"
        f' {settings} --workingdir "$PWD" {container} -- waybill "$@"\n'
    )
    program.chmod(0o755)
    journey = shared / "journey"
    umask = os.umask(0)
    try:
        journey.mkdir()
        with travel(journey, [str(program)], [sys.executable, "-m", "service"]) as ledger:
            assert ledger.process.poll() is None
    finally:
        os.umask(umask)
