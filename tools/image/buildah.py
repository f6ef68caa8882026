"""buildah as a program, its images in `.cache/image`: no daemon, and no root needed."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
STORE = CHECKOUT / ".cache" / "image"
# These two work everywhere, inside a container and without root too, and leave no mount; who has better ones sets them.
ENVIRONMENT = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}


class BuildahError(Exception):
    """buildah's own words."""


def environment() -> dict[str, str]:
    return ENVIRONMENT | os.environ


def command(*arguments: str | Path) -> list[str]:
    """buildah itself; with folders of its own it does not ask STORAGE_DRIVER."""
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
    """The image's configuration, as OCI writes it."""
    return json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]
