"""What a release of Waybill itself is made of, up to the upload.

`python -m tools.release version REF [FILE]`, `dist`, `action-tag VERSION`: see the Makefile.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

from semver import Version

CHECKOUT = Path(__file__).resolve().parent.parent
TAG = re.compile(r"v([0-9]+\.[0-9]+\.[0-9]+)")


class NotReleased(Exception):
    """What is wrong, and what to do: whole sentences."""


def version(ref: str, checkout: Path = CHECKOUT) -> str:
    """X.Y.Z of the tag vX.Y.Z; empty for a branch. Raises NotReleased where the checkout says another one."""
    found = TAG.fullmatch(ref)
    if not found:
        return ""
    said = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]["version"]
    if said != found[1]:
        raise NotReleased(f"The tag is {ref} and pyproject.toml says {said}. Tag the commit that says {found[1]}.")
    if f"\n## {found[1]}" not in (checkout / "CHANGELOG.md").read_text():
        raise NotReleased(f"CHANGELOG.md has no section {found[1]}. Name what is under Unreleased so, and tag that.")
    return found[1]


def dist(folder: Path, checkout: Path = CHECKOUT) -> list[Path]:
    """The source distribution of HEAD, and the wheel that is built of it. Raises NotReleased where building them again,
    elsewhere, gives other bytes."""
    with tempfile.TemporaryDirectory() as once, tempfile.TemporaryDirectory() as again:
        first, second = (
            _build(Path(once), checkout, umask=0o022),
            _build(Path(again, "further", "in"), checkout, umask=0o077),
        )
        if [it.name for it in first] != [it.name for it in second]:
            raise NotReleased(f"Two builds have other names: {first}, {second}. Find what made them differ.")
        for one, other in zip(first, second, strict=True):
            if one.read_bytes() != other.read_bytes():
                raise NotReleased(f"Two builds of {one.name} differ. Find what of this machine or moment is in it.")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return [Path(shutil.copy(it, folder)) for it in first]


def action_tag(released: str, checkout: Path = CHECKOUT) -> str:
    """Lets the tag of the major version, as v1, be HEAD where no higher release of it is tagged. Says what it did."""
    this = Version.parse(released)
    tags = _run("git", "ls-remote", "--tags", "origin", f"refs/tags/v{this.major}.*", cwd=checkout)
    known = [Version.parse(it) for it in re.findall(r"refs/tags/v([0-9]+\.[0-9]+\.[0-9]+)$", tags, re.MULTILINE)]
    if higher := [it for it in known if it > this]:
        return f"v{this.major} stays: {max(higher)} is higher"
    _run("git", "push", "--quiet", "--force", "origin", f"HEAD:refs/tags/v{this.major}", cwd=checkout)
    return f"v{this.major} is {released} now"


def _build(folder: Path, checkout: Path, umask: int) -> list[Path]:
    source, out = folder / "source", folder / "out"
    source.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=checkout, capture_output=True, check=True).stdout
    subprocess.run(["tar", "--extract", "--directory", source], input=archive, check=True, umask=umask)
    env = os.environ | {"SOURCE_DATE_EPOCH": _run("git", "log", "-1", "--format=%ct", cwd=checkout).strip()}
    _hatchling(source, out, "sdist", env)
    (packed,) = out.glob("*.tar.gz")
    with tarfile.open(packed) as opened:
        opened.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    _hatchling(unpacked, out, "wheel", env)
    return sorted(out.iterdir())


def _hatchling(source: Path, out: Path, target: str, env: dict[str, str]) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
    subprocess.run(command, cwd=source, env=env, check=True, capture_output=True)


def _run(*command: str, cwd: Path) -> str:
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


def main(arguments: list[str]) -> None:
    try:
        match arguments:
            case ["version", ref, *file]:
                found = version(ref)
                print(found or f"{ref} is no version of Waybill")
                if file:
                    with Path(file[0]).open("a") as output:
                        output.write(f"version={found}\n")
            case ["dist"]:
                for it in dist(CHECKOUT / "dist"):
                    print(f"{hashlib.sha256(it.read_bytes()).hexdigest()}  {it.relative_to(CHECKOUT)}")
            case ["action-tag", released]:
                print(action_tag(released))
            case _:
                sys.exit(__doc__)
    except NotReleased as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
