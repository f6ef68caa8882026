"""What the machine does not allow is a refusal with its remedy: never a traceback, and nothing is out."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import __main__
from scripts.clients.git import Git
from scripts.clients.process import run
from scripts.errors import Refused, accident
from scripts.folder import lay_out, read
from tests.support.builders import TOP, World, git
from tests.support.scripts.everything import everything


def limited(world: World, *args: str, limit: Callable[[], None] = lambda: None, out: str = os.devnull) -> str:
    """Runs the command in a process of its own, which must be refused; what it says on stderr."""
    command = [sys.executable, "-P", "-m", "scripts", *args]
    env = {**os.environ, "PYTHONPATH": str(TOP), "PYTHONUNBUFFERED": ""}
    with Path(out).open("w") as file:
        done = subprocess.run(
            command, cwd=world.checkout, env=env, stdin=subprocess.DEVNULL,
            stdout=file, stderr=subprocess.PIPE, text=True, preexec_fn=limit, check=False,
        )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("files", [8, 12])
def test_the_limit_of_open_files(world: World, files: int) -> None:
    image = world.image()
    before = everything(world)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    said = limited(world, "ship", "--image", image, limit=limit)
    assert "refused (this machine): This machine does not allow what is needed: Too many open files." in said
    assert "what to do: Allow more open files (`ulimit -n`), then run the same command again." in said
    assert everything(world) == before


@pytest.mark.long
@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["table", "json"])
def test_an_output_that_takes_no_more(world: World, flags: list[str]) -> None:
    said = limited(world, "plan", "--image", world.image(), *flags, out="/dev/full")
    assert "No space left on device.\n  what to do: Make room there, then" in said


def long_name(repository: Path, folder: str) -> None:
    """Commits a file with a name of 300 bytes to main, which no file system has."""
    found = Git(repository)
    tree = found.write_tree("main", {f"{folder}/{'x' * 300}": b"x"})
    git(repository, "update-ref", "refs/heads/main", found.commit_tree(tree, [str(found.commit("main"))], "Long", 0))


@pytest.mark.parametrize("where", ["chart", "apps/orders"])
def test_a_name_that_no_file_can_have(world: World, where: str) -> None:
    image = world.image()
    long_name(world.checkout if where == "chart" else world.gitops, where)
    before = everything(world)
    ran = world.waybill("ship", "--image", image)
    assert ran.code == 1
    what = "of the chart" if where == "chart" else "of the GitOps repo"
    assert f"xxx {what} cannot be written to a temporary folder: File name too long." in ran.stderr
    assert "Shorten the name" in ran.stderr
    after = {path: data for path, data in everything(world).items() if ".waybill" not in path}
    assert after == before


def test_what_a_program_says_of_this_machine_is_no_fault_of_another(tmp_path: Path) -> None:
    script = tmp_path / "helm"
    for said, fault, remedy in (
        ("write /tmp/x: no space left on device", "machine", "Make room there, then"),
        ("remote: No space left on device", "registry", "Correct what it names, then"),
    ):
        script.write_text(f"#!/bin/sh\necho {said} >&2\nexit 1\n")
        script.chmod(0o755)
        with pytest.raises(Refused) as refused:
            run([script, "push"], fault="registry")
        assert refused.value.fault == fault
        assert refused.value.remedy.startswith(remedy)


def test_each_cause_has_its_remedy() -> None:
    assert "Give it more memory" in accident(MemoryError()).remedy
    assert accident(OSError(errno.EACCES, "Permission denied", "/x")).what == "/x cannot be used: Permission denied."
    assert "Correct that" in accident(OSError("strange")).remedy


def test_a_file_that_is_none_does_not_hold_a_command_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "orders.json")
    assert read(tmp_path / "orders.json") == b""
    with pytest.raises(Refused, match="cannot be written to a temporary folder"):
        lay_out(tmp_path / "orders.json" / "x", b"", "x")


def test_a_command_that_this_machine_stops_ends_with_a_refusal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/x")

    monkeypatch.setattr(__main__, "cli", stopped)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 1
    assert "/x cannot be used: No space left on device" in capsys.readouterr().err
