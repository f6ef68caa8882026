"""kustomize, which fetches nothing and runs no plugin; as in Flux, a folder may name files above it."""

import re
import shutil
from pathlib import Path

from ..errors import Refused
from .process import Completed, failed, run

# Plugins are off unless a flag turns them on.
# What follows may be out of a Secret.
_CONTENTS = re.compile(rb"(node contents:).*", re.DOTALL)
ALONE = {"GIT_ALLOW_PROTOCOL": "none", "KUSTOMIZE_PLUGIN_HOME": "/nowhere"}


def command() -> list[str]:
    """That builds a folder; refused where neither kustomize nor kubectl is there."""
    found = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
    if shutil.which(found[0]) is None:
        raise Refused("Neither kustomize nor kubectl is installed.", "Install one of them.", fault="machine")
    return found


def build(folder: Path) -> bytes:
    """The objects of a folder as YAML. Refused where there is no program for it, or the build fails."""
    arguments: list[str | Path] = [*(words := command()), "--load-restrictor=LoadRestrictionsNone", folder]
    done = run(arguments, env=ALONE, timeout=60, fault="gitops", check=False)
    if done.code != 0:
        said = _CONTENTS.sub(rb"\1 (not shown)", done.stderr)
        raise failed(" ".join(words), Completed(done.code, b"", said).complaint, "gitops")
    return done.stdout
