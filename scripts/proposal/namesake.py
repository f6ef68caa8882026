"""A HelmRelease of the service's name, or of a Helm release of that name, which the GitOps repo has already."""

import os
from collections.abc import Iterable, Iterator

from ..config import Config
from ..diff.repo import Repo
from ..errors import Refused
from ..gitops import layout
from ..gitops.layout import Files
from ..gitops.objects import Located, objects_of
from ..yaml.objects import at

ENDS = (".yaml", ".yml", ".json")


def refuse_namesakes(config: Config, environments: Iterable[str], repo: Repo, commit: str, files: Files) -> None:
    """Refuses the first release of an environment to a folder of Waybill's, where `commit` has another such
    HelmRelease; `files` are those of Waybill's layout."""
    service = config.service
    theirs = {name: wanted[0] for name in config.environments if (wanted := config.helmrelease(name))}
    first = [it for it in environments if it not in theirs and not layout.holds(files, layout.overlay(service, it))]
    for it in _called(service, repo, commit) if first else ():
        if it.file in theirs.values() or it.file.startswith(f"{layout.app(service)}/"):
            continue
        called = it.name if it.name == service else f"{it.name} of the Helm release {service}"
        raise Refused(
            f"{it.file}{f', line {it.line}' if it.line else ''}: the GitOps repo has a HelmRelease {called}, and the "
            f"first release to {first[0]} would write a second one.",
            f"If it is that of {first[0]}, let Waybill write releases there: `waybill adopt --environment {first[0]} "
            f"--file {it.file}`. If it is another service's, give one of both another name.",
            fault="gitops",
        )


def _called(service: str, repo: Repo, commit: str) -> Iterator[Located]:
    said = repo.git.call("grep", "-l", "-z", "-F", "-e", "HelmRelease", commit, check=False).stdout
    paths = (name.partition(":")[2] for name in os.fsdecode(said).split("\0") if name.endswith(ENDS))
    files = ((path, repo.git.blob(commit, path) or b"") for path in paths)
    return (it for it in objects_of("HelmRelease", files) if service in (it.name, at(it.value, "spec", "releaseName")))
