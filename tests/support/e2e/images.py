"""Our image as CI would push it, and images that differ from it in a known way; each known by digest alone."""

import subprocess
import sys

from tools.demo.image import crane
from tools.demo.world import CHECKOUT


def push(repository: str) -> str:
    """`REPOSITORY@sha256:...` of the image that `make image` built from our Containerfile."""
    command = [sys.executable, "-m", "tools.image", "push", repository]
    done = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return done.stdout.split()[-1]


def labelled(image: str, label: str) -> str:
    """The same program under another digest."""
    return _mutated(image, "--label", f"story={label}")


def broken(image: str) -> str:
    """An image whose program ends at once with an error."""
    return _mutated(image, "--entrypoint", "/bin/false")


def _mutated(image: str, *change: str) -> str:
    repository = image.partition("@")[0]
    return crane("mutate", "--insecure", image, *change, "--tag", f"{repository}:changed")
