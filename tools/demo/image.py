"""Makes a tiny container image and pushes it with crane."""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path


def crane(*arguments: str) -> str:
    """What crane prints. Raises RuntimeError with crane's own words."""
    command = ["crane", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout.strip()


def push_image(repository: str, text: str = "hello", platforms: Sequence[str] = ("linux/amd64",)) -> str:
    """Push an image of one file to `repository` (`127.0.0.1:PORT/name`) and return its manifest's digest.

    The same text and platforms give the same digest. One platform is pushed as an image manifest, several as
    an index.
    """
    with tempfile.TemporaryDirectory() as folder:
        layer = Path(folder) / "layer.tar"
        with tarfile.open(layer, "w") as tar:
            entry = tarfile.TarInfo("greeting")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
        blank = f"{repository}:blank"
        crane("append", "--insecure", "--oci-empty-base", "--new_layer", str(layer), "--new_tag", blank)
    images = [_for_platform(repository, blank, platform) for platform in platforms]
    if len(images) == 1:
        return images[0].partition("@")[2]
    parts = [flag for image in images for flag in ("--manifest", image)]
    index = crane("index", "append", "--insecure", "--tag", f"{repository}:index", *parts)
    return index.partition("@")[2]


def _for_platform(repository: str, image: str, platform: str) -> str:
    tag = f"{repository}:{platform.replace('/', '-')}"
    return crane("mutate", "--insecure", image, "--set-platform", platform, "--tag", tag)
