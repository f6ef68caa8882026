"""buildah as a program, its images in `.cache/image`: no daemon, and no root needed."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
STORE = CHECKOUT / ".cache" / "image"
# These two work everywhere, inside a container and without root too; who has better ones sets them.
ENVIRONMENT = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
BUILDAH = ["buildah", "--root", str(STORE / "images"), "--runroot", str(STORE / "run")]


class BuildahError(Exception):
    """buildah's own words."""


def environment() -> dict[str, str]:
    return ENVIRONMENT | os.environ


def buildah(*arguments: str | Path) -> str:
    """What buildah prints on stdout. Raises BuildahError."""
    command = [*BUILDAH, *map(str, arguments)]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildahError(done.stderr.strip()[-4000:])
    return done.stdout.strip()


def inspect(image: str) -> Any:
    """The image's configuration, as OCI writes it."""
    return json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]
