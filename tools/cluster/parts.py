"""Copies the files that the cluster needs from Go modules to `.tools/`: Flux's CRDs and Gitea's templates.

`python -m tools.cluster.parts` downloads the modules that are not in Go's cache.
"""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from tools.build import GO, GO_ENVIRONMENT, go_program

from .namespaces import CHECKOUT

CRDS, FORGE = CHECKOUT / ".tools" / "flux-crds", CHECKOUT / ".tools" / "gitea"
CONTROLLERS = ("source", "kustomize", "helm", "notification")


def main() -> None:
    modules = [f"github.com/fluxcd/{name}-controller" for name in CONTROLLERS]
    _copy("flux-crds", modules, CRDS, ["config/crd/bases"])
    _copy("gitea", ["code.gitea.io/gitea"], FORGE, ["templates", "options", "public"])


def _copy(tool: str, modules: list[str], to: Path, folders: list[str]) -> None:
    """Copy `folders` of the modules, unless that was done for the same go.sum."""
    stamp = to / "from"
    pins = hashlib.sha256((GO / tool / "go.sum").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == pins:
        return
    shutil.rmtree(to, ignore_errors=True)
    for source in _sources(tool, modules):
        for folder in folders:
            # Without file modes: files in Go's cache may be read-only.
            shutil.copytree(source / folder, to / Path(folder).name, copy_function=shutil.copyfile, dirs_exist_ok=True)
    stamp.write_text(pins)


def _sources(tool: str, modules: list[str]) -> list[Path]:
    answer = subprocess.run(
        [go_program(), "mod", "download", "-json", *modules],
        cwd=GO / tool,
        env=os.environ | GO_ENVIRONMENT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [Path(json.loads(text)["Dir"]) for text in answer.replace("}\n{", "}\0{").split("\0")]


if __name__ == "__main__":
    main()
