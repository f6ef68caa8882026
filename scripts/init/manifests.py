"""The manifests that init writes where no GitOps repo is to hold them: a folder for each environment, and one of what
they have in common."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..clients.git import Git
from ..config import Config, load
from ..gitops import templates
from ..yaml.edit import set_scalar

FILE = "kustomization.yaml"


def manifests(git: Git, file: Path, chart: str, known: Mapping[str, Any]) -> dict[str, str]:
    """By path, of folders that are not there yet, as the waybill.toml `file` says or, where there is none, as it will
    with the settings `known`."""
    config = _settings(git, file, chart, known)
    if not config.is_gitless:
        return {}
    kind = "oci-repository/" if config.flux_source == "oci-repository" else ""
    folders = {"base": "base"} | dict.fromkeys(config.environments, "overlay")
    found = {name: templates.folder(kind + template, config.service) for name, template in folders.items()}
    for name in config.environments:
        found[name][FILE] = set_scalar(found[name][FILE], ("namespace",), config.namespace_of(name), name=FILE)
    return {
        f"{config.manifests}/{name}/{file}": data.decode()
        for name, files in found.items()
        if not Path(config.root, config.manifests, name).exists()
        for file, data in files.items()
    }


def _settings(git: Git, file: Path, chart: str, known: Mapping[str, Any]) -> Config:
    there = file.exists()
    base = file.parent if there else git.folder
    more = {"chart": os.path.relpath(git.folder / chart, base)}
    if not there:
        more["manifests"] = os.path.relpath(file.parent / known.get("manifests", "deploy"), base)
    return load({**known, **more}, git, path=file if there else None, cwd=git.folder, remote="none")
