"""A program in its own namespaces ends completely: no process, mount, interface or control group remains."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools.cluster.waiting import wait_for
from tools.demo.world import CHECKOUT

FOLDER = Path(".cluster/main")
CGROUPS = Path("/sys/fs/cgroup")
SECONDS = str(100_000 + os.getpid())  # no other test's `sleep` sleeps that long
BUSY = """\
mkdir -p "$1/mounted" && mount -t tmpfs tmpfs "$1/mounted"
ip link add busy type bridge
for group in /sys/fs/cgroup/*/cgroup.procs; do mkdir -p "${group%/*}/pod/container"; done
setsid sleep "$2" &
touch "$1/ready"
wait
"""
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or subprocess.run(["unshare", "--net", "true"], check=False).returncode != 0,
    reason="needs the right to make namespaces",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Another checkout, with another name for its interface and control groups."""
    shutil.copytree(CHECKOUT / "tools" / "cluster", tmp_path / "tools" / "cluster")
    (tmp_path / FOLDER).mkdir(parents=True)
    return tmp_path


def isolated(checkout: Path, code: str) -> list[str]:
    return [sys.executable, "-c", f"from tools.cluster import namespaces; {code}"]


def ask(checkout: Path, code: str) -> str:
    done = subprocess.run(isolated(checkout, code), cwd=checkout, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.long
@pytest.mark.parametrize("victim", ["starter", "holder", "nobody"])
def test_nothing_is_left(checkout: Path, victim: str) -> None:
    name = ask(checkout, "print(namespaces.NAME)")
    command = ["sh", "-c", BUSY, "sh", str(checkout / FOLDER), SECONDS]
    starter = subprocess.Popen(isolated(checkout, f"namespaces.start({command!r}).wait()"), cwd=checkout)
    wait_for("it to be busy", (checkout / FOLDER / "ready").exists)
    ask(checkout, "namespaces.join()")
    assert (Path("/sys/class/net") / name).exists()
    assert len(sleepers()) == 1
    assert list(CGROUPS.glob(f"*/{name}/pod/container"))
    if victim == "starter":
        starter.kill()
    elif victim == "holder":
        os.kill(int((checkout / FOLDER / "pid").read_text()), signal.SIGKILL)

    assert ask(checkout, "print(namespaces.end())") == str(victim != "holder")
    starter.wait(10)
    assert sleepers() == []
    assert not (Path("/sys/class/net") / name).exists()
    assert str(checkout) not in Path("/proc/mounts").read_text()
    assert list(CGROUPS.glob(f"*/{name}")) == []
    assert ask(checkout, "print(namespaces.end())") == "False"


def test_another_process_with_the_same_id_is_not_ended(checkout: Path) -> None:
    with subprocess.Popen(["sleep", SECONDS]) as process:
        (checkout / FOLDER / "pid").write_text(str(process.pid))
        assert ask(checkout, "print(namespaces.end())") == "False"
        assert process.poll() is None
        process.kill()


def test_one_of_two_is_ended_and_the_other_goes_on(checkout: Path) -> None:
    folders = [checkout / ".cluster" / name for name in ("one", "other")]
    running = []
    for folder in folders:
        folder.mkdir()
        command = ["sh", "-c", 'touch "$1/ready"; sleep "$2"', "sh", str(folder), SECONDS]
        env = os.environ | {"WAYBILL_CLUSTER": folder.name}
        code = isolated(checkout, f"namespaces.start({command!r}).wait()")
        running.append(subprocess.Popen(code, cwd=checkout, env=env))
        wait_for("it to run", (folder / "ready").exists)
    for left, folder in zip((1, 0), folders, strict=True):
        assert ask(checkout, f"print(namespaces.end(namespaces.CLUSTERS / {folder.name!r}))") == "True"
        assert len(sleepers()) == left
        name = ask(checkout, f"print(namespaces.name_of(namespaces.CLUSTERS / {folder.name!r}))")
        assert list(CGROUPS.glob(f"*/{name}")) == []
    for it in running:
        it.wait(10)


def sleepers() -> list[str]:
    """The test's own processes, as this machine sees them."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [str(each)] if each.read_bytes() == f"sleep\0{SECONDS}\0".encode() else []
        except OSError:
            continue
    return found
