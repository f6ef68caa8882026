"""The ledger's image as CI would push it, and variants of it, all named by digest."""

import subprocess
import sys

from tools.demo.image import crane
from tools.demo.world import CHECKOUT


def push(repository: str) -> str:
    """Push the image that `make image` built; returns `REPOSITORY@sha256:...`."""
    command = [sys.executable, "-m", "tools.image", "push", repository]
    done = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return done.stdout.split()[-1]


def labelled(image: str, label: str) -> str:
    """The same program with another digest."""
    return _mutated(image, "--label", f"story={label}")


def broken(image: str) -> str:
    """An image whose program fails at once."""
    return _mutated(image, "--entrypoint", "/bin/false")


def _mutated(image: str, *change: str) -> str:
    repository = image.partition("@")[0]
    return crane("mutate", "--insecure", image, *change, "--tag", f"{repository}:changed")
