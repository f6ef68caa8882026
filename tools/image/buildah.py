"""Runs buildah with its images in `.cache/image`; it needs neither a daemon nor root."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
STORE = CHECKOUT / ".cache" / "image"
# These work everywhere, also in a container and without root, and leave no mount. The environment may set faster ones.
ENVIRONMENT = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}


class BuildahError(Exception):
    """What buildah wrote to stderr."""


def environment() -> dict[str, str]:
    return ENVIRONMENT | os.environ


def command(*arguments: str | Path) -> list[str]:
    """The command line of buildah. With --root it ignores STORAGE_DRIVER, so that is given as an option too."""
    store = [
        "--root",
        STORE / "images",
        "--runroot",
        STORE / "run",
        "--storage-driver",
        environment()["STORAGE_DRIVER"],
    ]
    return ["buildah", *map(str, [*store, *arguments])]


def buildah(*arguments: str | Path) -> str:
    """What buildah prints on stdout. Raises BuildahError."""
    done = subprocess.run(
        command(*arguments), cwd=CHECKOUT, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuildahError(done.stderr.strip()[-4000:])
    return done.stdout.strip()


def inspect(image: str) -> Any:
    """The image's configuration in OCI's format."""
    return json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]
