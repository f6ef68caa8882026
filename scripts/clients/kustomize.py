"""kustomize, which fetches nothing and runs no plugin; as in Flux, a folder may name files above it."""

import shutil
from pathlib import Path

from ..errors import Refused
from .process import run

# Plugins are off unless a flag turns them on.
ALONE = {"GIT_ALLOW_PROTOCOL": "none", "KUSTOMIZE_PLUGIN_HOME": "/nowhere"}


def build(folder: Path) -> bytes:
    """The objects of a folder as YAML. Refused where neither kustomize nor kubectl is there, or the build fails."""
    command = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
    if shutil.which(command[0]) is None:
        raise Refused("Neither kustomize nor kubectl is installed.", "Install one of them.", fault="machine")
    return run(
        [*command, "--load-restrictor=LoadRestrictionsNone", folder], env=ALONE, timeout=60, fault="gitops"
    ).stdout
