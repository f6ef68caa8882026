"""Where the GitOps repo has the releases of a service, of Waybill's own layout and of files that people wrote."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from ..config import Config
from ..diff.kustomizations import applier
from ..diff.repo import Repo
from ..errors import Refused
from ..gitops.files import release_in
from ..gitops.layout import Files, cluster_file, environments_in
from ..gitops.render import Applier
from ..gitops.site import Site


def sites_in(commit: str, names: Iterable[str], config: Config, published: str, repo: Repo) -> dict[str, Site]:
    """Where a commit has the release of each environment; refused where it cannot be written there."""
    return {name: repo.site(commit, name, config, published) for name in names}


def appliers_in(commit: str, names: Iterable[str], repo: Repo) -> dict[str, Applier]:
    """Who applies the folder of each environment's cluster, of those for whom the repo tells it."""
    found = {
        name: applier(repo.flux(commit), PurePosixPath(cluster_file("", name)).parent.as_posix()) for name in names
    }
    return {
        name: Applier(it.namespace, str(source.get("kind")), str(source.get("name")))
        for name, it in found.items()
        if it and isinstance(source := it.spec.get("sourceRef"), dict)
    }


def files_of(config: Config, sites: Mapping[str, Site]) -> list[str]:
    """The files that people wrote for environments, and those of `sites`."""
    theirs = [wanted[0] for name in config.environments if (wanted := config.helmrelease(name))]
    return sorted({*theirs, *(file for it in sites.values() if it.existing or it.manifests for file in it.files)})


def sites_beside(
    base: str, names: Iterable[str], config: Config, published: str, repo: Repo, *, present: tuple[Files, Files]
) -> dict[str, Site]:
    """Those of other environments than `names` that a branch may bring; `present` are the files of base and branch."""
    before, after = present
    theirs = {name: wanted[0] for name in config.environments if (wanted := config.helmrelease(name))}
    changed = [name for name, file in theirs.items() if file in after and after[file] != before.get(file)]
    ours = [name for name in environments_in(after, config.service) if name not in theirs]
    found: dict[str, Site] = {}
    for name in {*changed, *ours} - {*names}:
        try:
            found |= sites_in(base, [name], config, published, repo)
        except Refused:  # its own release will say so
            continue
    return found


def released(sites: Mapping[str, Site], before: Files, after: Files) -> list[str]:
    """The environments whose files name another release."""
    edited = [name for name, site in sites.items() if any(before.get(it) != after.get(it) for it in site.files)]
    return [name for name in edited if release_in(before, sites[name]) != release_in(after, sites[name])]
