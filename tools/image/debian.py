"""Makes a base image of Debian packages, for machines that reach a Debian mirror but no image registry."""

import subprocess
import tempfile
from pathlib import Path

from tools.prerequisites import complaint

from .buildah import CHECKOUT, BuildahError, buildah

NAME = "localhost/debian-python-git"
# Debian 12 has Python 3.11, as the pinned base does.
RELEASE = "bookworm"


def debian() -> str:
    """The name of the base image, which is made when it does not exist: it takes a minute and needs root."""
    if NAME in buildah("images", "--format", "{{.Name}}").split():
        return NAME
    if missing := complaint("base"):
        raise BuildahError(missing)
    (CHECKOUT / ".cache").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CHECKOUT / ".cache") as folder:
        tree = Path(folder) / "tree"
        packages = "--include=python3,python3-venv,ca-certificates,git"
        make = ["debootstrap", "--variant=minbase", packages, RELEASE, str(tree)]
        done = subprocess.run(make, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildahError(f"debootstrap: {(done.stdout + done.stderr).strip()[-2000:]}")
        subprocess.run(["tar", "--create", "--directory", tree, "--file", f"{folder}/base.tar", "."], check=True)
        recipe = Path(folder) / "Base"
        recipe.write_text("FROM scratch\nADD base.tar /\nENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin\n")
        buildah("bud", "--quiet", "--file", recipe, "--tag", NAME, folder)
    return NAME
