"""The image that `make image` built runs without root, cannot change its program, and answers.

It needs buildah and a built image, so `make test` skips it.
"""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tools.demo.processes import running, wait_for_line
from tools.image.build import BASE_NAME, REVISION, build, revision
from tools.image.buildah import CHECKOUT, buildah, command, environment, inspect

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


def test_it_migrates_and_serves(container: str, tmp_path: Path) -> None:
    inside(container, "waybill-service", "migrate")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "ledger.log"
    address = ["--env=HOST=127.0.0.1", f"--env=PORT={port}"]
    serve = command("run", *address, container, "--", "waybill-service", "serve")
    with running(serve, log, environment()) as ledger:
        wait_for_line(ledger, log, f"(127.0.0.1:{port})")
        assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
        assert httpx.get(f"http://127.0.0.1:{port}/releases").json() == {"items": [], "next": None}


def test_it_is_nobody_and_cannot_change_the_program(container: str) -> None:
    assert inside(container, "id", "-u") == "65532"
    assert inspect(IMAGE)["config"]["User"] == "65532:65532"
    assert inside(container, "find", "/opt/waybill", "-writable", "-not", "-type", "l") == ""


def test_its_users_choose_the_database() -> None:
    assert not [it for it in inspect(IMAGE)["config"]["Env"] if it.startswith("DATABASE_URL")]


def test_it_says_what_it_is_and_nothing_of_the_machine_that_built_it() -> None:
    found = inspect(IMAGE)
    assert found["config"]["Labels"][REVISION] == revision(), "the checkout moved on: `make image` again"
    assert found["config"]["Labels"]["org.opencontainers.image.source"] == "https://github.com/waybill-ledger/waybill"
    for trace in ("PIP", "wheels", str(CHECKOUT)):
        assert trace not in str(found)


def test_it_adds_less_than_100_megabytes_to_its_base(container: str) -> None:
    sizes = inside(container, "du", "--bytes", "--summarize", "/opt/waybill", "/var/lib/waybill")
    assert sum(int(line.split()[0]) for line in sizes.splitlines()) < 100 * MEGABYTE


def test_the_same_inputs_give_the_same_layers() -> None:
    build(f"{IMAGE}-again", inspect(IMAGE)["config"]["Labels"][BASE_NAME], "ledger")
    again = inspect(f"{IMAGE}-again")["rootfs"]["diff_ids"]
    buildah("rmi", f"{IMAGE}-again")
    assert again == inspect(IMAGE)["rootfs"]["diff_ids"]
