"""Builds the Containerfile on the base image that it names. Where that cannot be pulled, a Debian base is made here."""

import re
import subprocess
import sys
from pathlib import Path

from tools.build import BINARIES

from .buildah import CHECKOUT, STORE, BuildahError, buildah, inspect
from .debian import debian

BASE_NAME = "org.opencontainers.image.base.name"
REVISION = "org.opencontainers.image.revision"
VERSION = "org.opencontainers.image.version"
MODIFIED = "-modified"


def pinned_base() -> str:
    """`NAME:TAG@sha256:...`, as the Containerfile names it."""
    found = re.search(r"^FROM (\S+@sha256:[0-9a-f]{64}) AS base$", (CHECKOUT / "Containerfile").read_text(), re.M)
    if not found:
        raise BuildahError("The Containerfile pins no base image.")
    return found[1]


def build(tag: str, base: str, target: str, version: str = "") -> None:
    """Build image `tag`, a target of the Containerfile, on `base`, unless it exists already: the same commit and base
    give the same layers. `version` is that of a release of Waybill, whose image is another one than its commit's."""
    labels = {BASE_NAME: base, REVISION: revision()} | ({VERSION: version} if version else {})
    if not labels[REVISION].endswith(MODIFIED) and labels.items() <= _labels(tag).items():
        return
    closed = [] if base == pinned_base() else ["--build-arg", "PIP_NO_INDEX=1", "--build-arg", "PIP_FIND_LINKS=/wheels"]
    mount = ["--volume", f"{wheels()}:/wheels:ro"] if closed else []
    buildah(
        *("bud", "--quiet", "--timestamp", git("log", "-1", "--format=%ct")),
        *("--ignorefile", ".containerignore", "--file", "Containerfile", "--from", base, "--target", target),
        *("--build-context", f"tools={BINARIES}"),
        *(flag for name, value in labels.items() for flag in ("--label", f"{name}={value}")),
        *(*closed, *mount, "--tag", tag, "."),
    )


def _labels(tag: str) -> dict[str, str]:
    """The labels of an image; none when it does not exist."""
    known: dict[str, str] = (
        inspect(tag)["config"]["Labels"] if buildah("images", "--noheading", "--filter", f"reference={tag}") else {}
    )
    return known


def available_base() -> str:
    """The name of the pinned base, or of a Debian base made on this machine."""
    pinned = pinned_base()
    try:
        buildah("pull", "--quiet", pinned)
    except BuildahError as error:
        print(f"The base image cannot be pulled, so a base is made of Debian packages:\n  {error}")
        return debian()
    return pinned


def wheels() -> Path:
    """A folder with the locked wheels, downloaded here: the build itself may have no network."""
    folder = STORE / "wheels"
    for name in ("run.txt", "tool.txt", "sign.txt", "keyless.txt", "build.txt"):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        only = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--python-version", "3.11"]
        subprocess.run([*pip, *only, "-r", CHECKOUT / "requirements" / name, "-d", folder], check=True)
    return folder


def revision() -> str:
    """The commit that is checked out, marked when the files differ from it."""
    return git("rev-parse", "HEAD") + (MODIFIED if git("status", "--porcelain") else "")


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
