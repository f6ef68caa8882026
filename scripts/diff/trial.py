"""A copy of the GitOps repo in which files are changed, to see what kustomize then builds of a folder."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..folder import lay_out
from ..yaml.objects import Object
from .bases import reach
from .overlay import build
from .roots import Root


def read_files(top: Path, folder: str) -> dict[str, bytes]:
    """The files that a build of `folder` reads, by their paths in the repo that lies at `top`."""
    return {str(it.relative_to(top)): it.read_bytes() for it in sorted(reach(top / folder, top)) if it.is_file()}


def build_with(changes: Mapping[str, bytes], top: Path, root: Root) -> list[Object]:
    """The objects of a folder with `changes` of files that are there, and as its Flux Kustomization patches them."""
    with tempfile.TemporaryDirectory(prefix="waybill-", dir=top.parent) as made:
        copy = Path(made, "repo")
        shutil.copytree(top, copy, copy_function=os.link)
        for path, data in changes.items():
            (copy / path).unlink()
            lay_out(copy / path, data, path)
        return build(copy / root.folder, copy, root.flux.patches if root.flux else ())
