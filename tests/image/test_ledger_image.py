"""The image that `make image` built: it starts as nobody with a read-only program, and answers.

It needs buildah and a built image, so `make test` leaves it out.
"""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tools.demo.processes import running, wait_for_line
from tools.image.build import build
from tools.image.buildah import BUILDAH, buildah, environment, inspect

MEGABYTE = 1_000_000
IMAGE = os.environ.get("WAYBILL_IMAGE", "")
pytestmark = pytest.mark.skipif(not IMAGE, reason="`make image` builds the image with buildah and runs these")


@pytest.fixture
def container() -> Iterator[str]:
    name = buildah("from", IMAGE)
    yield name
    buildah("rm", name)


def inside(container: str, *command: str) -> str:
    return buildah("run", container, "--", *command)


def test_it_migrates_serves_and_stops(container: str, tmp_path: Path) -> None:
    inside(container, "waybill-service", "migrate")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "ledger.log"
    address = ["--env=HOST=127.0.0.1", f"--env=PORT={port}"]
    serve = [*BUILDAH, "run", *address, container, "--", "waybill-service", "serve"]
    with running(serve, log, environment()) as ledger:
        wait_for_line(ledger, log, f"(127.0.0.1:{port})")
        assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
        assert httpx.get(f"http://127.0.0.1:{port}/releases").json() == {"items": [], "next": None}


def test_it_is_nobody_and_cannot_change_the_program(container: str) -> None:
    assert inside(container, "id", "-u") == "65532"
    assert inspect(IMAGE)["config"]["User"] == "65532:65532"
    assert inside(container, "find", "/opt/waybill", "-writable", "-not", "-type", "l") == ""


def test_a_secret_is_in_neither_its_settings_nor_its_labels() -> None:
    config = inspect(IMAGE)["config"]
    assert {pair.partition("=")[0] for pair in config["Env"]} >= {"PATH", "HOST", "DATABASE_URL"}
    assert "wheels" not in str(config)


def test_it_adds_less_than_120_megabytes_to_its_base(container: str) -> None:
    sizes = inside(container, "du", "--bytes", "--summarize", "/opt/waybill", "/var/lib/waybill")
    assert sum(int(line.split()[0]) for line in sizes.splitlines()) < 120 * MEGABYTE


def test_the_same_inputs_give_the_same_layers() -> None:
    label = inspect(IMAGE)["config"]["Labels"]["org.opencontainers.image.base.name"]
    build(f"{IMAGE}-again", label)
    assert inspect(f"{IMAGE}-again")["rootfs"]["diff_ids"] == inspect(IMAGE)["rootfs"]["diff_ids"]
