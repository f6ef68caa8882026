"""Builds the Containerfile: on the base that it names, or, where that cannot be pulled, on a Debian made here."""

import re
import subprocess
import sys
from pathlib import Path

from .buildah import CHECKOUT, STORE, BuildahError, buildah, inspect
from .debian import debian

BASE_NAME = "org.opencontainers.image.base.name"
REVISION = "org.opencontainers.image.revision"
MODIFIED = "-modified"


def pinned_base() -> str:
    """`NAME:TAG@sha256:...`, the one place for which is the Containerfile."""
    found = re.search(r"^FROM (\S+@sha256:[0-9a-f]{64}) AS base$", (CHECKOUT / "Containerfile").read_text(), re.M)
    if not found:
        raise BuildahError("The Containerfile pins no base image.")
    return found[1]


def build(tag: str, base: str) -> None:
    """Builds image `tag` on `base`; the same commit and base give the same layers, so they are built once."""
    labels = {BASE_NAME: base, REVISION: revision()}
    if not labels[REVISION].endswith(MODIFIED) and labels.items() <= _labels(tag).items():
        return
    closed = [] if base == pinned_base() else ["--build-arg", "PIP_NO_INDEX=1", "--build-arg", "PIP_FIND_LINKS=/wheels"]
    mount = ["--volume", f"{wheels()}:/wheels:ro"] if closed else []
    buildah(
        *("bud", "--quiet", "--timestamp", git("log", "-1", "--format=%ct")),
        *("--ignorefile", ".containerignore", "--file", "Containerfile", "--from", base),
        *(flag for name, value in labels.items() for flag in ("--label", f"{name}={value}")),
        *(*closed, *mount, "--tag", tag, "."),
    )


def _labels(tag: str) -> dict[str, str]:
    """None of an image that is not there."""
    known: dict[str, str] = (
        inspect(tag)["config"]["Labels"] if buildah("images", "--noheading", "--filter", f"reference={tag}") else {}
    )
    return known


def available_base() -> str:
    """The pinned base, else a Debian made on this machine."""
    pinned = pinned_base()
    try:
        buildah("pull", "--quiet", pinned)
    except BuildahError as error:
        print(f"The base image cannot be pulled here, so a Debian of this machine's mirror stands in:\n  {error}")
        return debian()
    return pinned


def wheels() -> Path:
    """The locked wheels, fetched by this machine's pip: the build itself may have no way out."""
    folder = STORE / "wheels"
    for name in ("run.txt", "build.txt"):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        only = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--python-version", "3.11"]
        subprocess.run([*pip, *only, "-r", CHECKOUT / "requirements" / name, "-d", folder], check=True)
    return folder


def revision() -> str:
    """The commit that is checked out, and whether there is more than it."""
    return git("rev-parse", "HEAD") + (MODIFIED if git("status", "--porcelain") else "")


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
