"""The GitOps repo as one command works with it: its forge, a temporary clone, and what commits make Flux install."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

from msgspec import Struct, structs

from ..chart.manifests import Rendered
from ..chart.renderer import Renderer
from ..clients.git import IDENTITY, Git
from ..clients.git_objects import SUBMODULE
from ..clients.git_signature import copy_signing
from ..config import Config
from ..document import Chart, digest_of
from ..errors import Refused
from ..folder import lay_out
from ..forges import Forge
from ..gitops import layout
from ..gitops.clone import Heads, cloned, look, patch
from ..gitops.ignore import taken
from ..gitops.render import copied
from ..gitops.site import Site, Target, standard
from ..gitops.tries import told
from ..once import Once
from ..yaml.objects import Object
from .adoption import site_of
from .appliers import Appliers
from .chart import fetch, render
from .kustomizations import FluxKustomization, flux_kustomizations
from .overlay import HelmRelease, manifests, objects_of, release_of

WORKERS = 4  # each waits for a program


class OtherContent(Refused):
    """What lies in the registry is not what is proposed."""


class Shipped(Struct, frozen=True):
    """What is proposed: the chart of a service, fetched where `archive` is None or gone, for `environments`; where each
    environment has its release, `sites` say."""

    service: str
    chart: Chart
    environments: tuple[str, ...]
    archive: Path | None
    sites: Mapping[str, Site]

    @property
    def repository(self) -> str:
        return f"{str(self.chart.repository or '').removeprefix('oci://')}/{self.chart.name}"


class Repo:
    """Each commit is written out, each folder built, and each chart fetched and rendered once."""

    def __init__(self, forge: Forge | None, git: Git, renderer: Renderer, folder: Path, config: Config) -> None:
        self._forge, self.git, self.renderer = forge, git, renderer
        self._folder = folder
        self._remote, self._plain_http, self._author = str(config.gitops), config.plain_http, config.author
        self._pool = ThreadPoolExecutor(WORKERS)
        self._heads: Heads | None = None
        self._sites, self._appliers = Once[Site](), Once[Appliers]()
        self._kustomizations = Once[tuple[FluxKustomization, ...]]()
        self._commits, self._trees = Once[tuple[str, bytes]](), Once[Path]()
        self._releases, self._charts = Once[HelmRelease](), Once[Path]()
        self._manifests, self._objects = Once[bytes](), Once[list[Object]]()

    @property
    def forge(self) -> Forge:
        if self._forge is None:
            raise AssertionError("a source repository has no proposals")
        return self._forge

    def look(self, base: str | None, branch: str) -> Heads:
        """The remote's two branches now; where nothing moved since the last look, what is known of them stays known."""
        found = look(self.git, self._remote, base, branch, authors=frozenset({IDENTITY, self._author.who}))
        self._heads = self._heads if found == self._heads else found
        return self._heads

    def commit(
        self, start: str, parent: str, changes: Mapping[str, bytes], message: str, seconds: int
    ) -> tuple[str, bytes]:
        """A commit of Waybill's on `parent` with the tree of `start` and these `changes`, and what it changes."""

        def make() -> tuple[str, bytes]:
            made = self.git.commit_tree(self.git.write_tree(start, changes), [parent], message, seconds, self._author)
            return made, patch(self.git, parent, made)

        return self._commits((start, parent, tuple(changes.items()), message, seconds), make)

    def tree(self, commit: str) -> Path:
        """The folder with the files of a commit."""
        return self._trees(commit, lambda: export(self.git, commit, self._folder / commit))

    def site(self, commit: str, environment: str, config: Config, published: str | None) -> Site:
        """Where a commit has the release of an environment, whose charts are `published` at `oci://host/path`, if that
        is known; refused where Waybill cannot write it in the file that people wrote."""
        if config.helmrelease(environment) is None:
            site = standard(config.service, environment, pinned=config.flux_source == "oci-repository")
            return structs.replace(
                site,
                told=self._told(commit, site, config.service),
                manifests=self._artifact_of(commit, site.folder, layout.source_file(config.service, environment)),
            )
        make = partial(site_of, self.tree(commit), self.flux(commit), environment, config, published)
        return self._sites((commit, environment, published), make)

    def _artifact_of(self, commit: str, folder: str, ours: str) -> Target | None:
        """The OCIRepository of a folder that was moved to an artifact; one that was new has it in the file `ours`."""
        if (self.tree(commit) / ours).is_file():
            return None
        return next((found for it in self.flux(commit) if it.folder == folder and (found := it.artifact)), None)

    def appliers(self, commit: str, folder: str) -> Appliers:
        """How Flux comes to a folder of a commit."""

        def make() -> Appliers:
            modules = self.git.blob(commit, ".gitmodules") is not None
            inside = [it.path for it in self.git.tree(commit) if it.mode == SUBMODULE] if modules else []
            branch = self._heads.base if self._heads else ""
            return Appliers(self.tree(commit), folder, self.flux(commit), branch, inside)

        return self._appliers((commit, folder), make)

    def has(self, commit: str, environment: str, shipped: Shipped) -> bool:
        """Whether the service is in an environment."""
        return (self.tree(commit) / shipped.sites[environment].folder).is_dir()

    def manifests(self, commit: str, folder: str) -> bytes:
        """What kustomize makes of a folder of a commit; refused where it cannot be built."""
        root = self.tree(commit)
        return self._manifests((commit, folder), lambda: manifests(root / folder, root))

    def built(self, commit: str, folder: str) -> list[Object]:
        """Its objects; refused as `manifests` is."""
        return self._objects((commit, folder), lambda: objects_of(self.manifests(commit, folder)))

    def release(self, commit: str, environment: str, shipped: Shipped) -> HelmRelease:
        """The HelmRelease that a commit has for an environment; refused where its folder cannot be built."""

        def make() -> HelmRelease:
            site = shipped.sites[environment]
            return release_of(self.built(commit, site.folder), shipped.service, site.existing)

        return self._releases((commit, environment), make)

    def _told(self, commit: str, site: Site, service: str) -> dict[str, str]:
        """What gitops/tries tells of the HelmRelease that a site of Waybill's layout builds, or will once it is made of
        what all environments have in common."""
        base = layout.base(service)
        made = [it for it in (site.folder, base) if (self.tree(commit) / it).is_dir()]
        try:
            if made:
                objects = self.built(commit, made[0])
            else:
                template = copied("base", base, service, pinned=site.source is not None)
                objects = objects_of(template[f"{base}/helmrelease.yaml"])
        except Refused:
            return told(None)
        found = [it for it in objects if (it["kind"], it["metadata"].get("name")) == ("HelmRelease", service)]
        spec = found[0].get("spec") if len(found) == 1 else None
        return told(spec if isinstance(spec, dict) else None)

    def shipped_chart(self, shipped: Shipped) -> Path:
        """The .tgz that package made; fetched where it is gone, and the same, byte for byte."""
        if shipped.archive and shipped.archive.is_file():
            return shipped.archive
        chart = shipped.chart
        found = self._chart(shipped.repository, chart.digest or chart.version)
        if chart.archive and digest_of(found.read_bytes()) != chart.archive:
            raise OtherContent(
                f"{shipped.repository} has another chart under {chart.digest or chart.version} than was packaged, "
                f"{chart.archive}.",
                "Ship the release again, which packages it and compares.",
                fault="registry",
            )
        return found

    def before(self, commit: str, environment: str, shipped: Shipped) -> Rendered:
        """What runs: the chart that the HelmRelease of a commit names, with its values. Where its source lies elsewhere
        it is looked for where the new one is."""
        release = self.release(commit, environment, shipped)
        chart = self._chart(release.chart or shipped.repository, release.reference)
        return render(release, chart, self.renderer)

    def after(self, commit: str, environment: str, shipped: Shipped) -> Rendered:
        """What will run: in an environment that is shipped to, the chart that is shipped."""
        if environment not in shipped.environments:
            return self.before(commit, environment, shipped)
        return render(self.release(commit, environment, shipped), self.shipped_chart(shipped), self.renderer)

    def begin(self, before: str, after: str, environments: Sequence[str], shipped: Shipped) -> None:
        """Begins to work out, side by side, what will be asked for of two commits."""
        for commit in (after, before):
            self.tree(commit)  # before the others, since one thread may ask git
        for environment in environments:
            self._pool.submit(self.after, after, environment, shipped)
            if self.has(before, environment, shipped):
                self._pool.submit(self.before, before, environment, shipped)

    def flux(self, commit: str) -> tuple[FluxKustomization, ...]:
        """The Flux Kustomizations that lie in a commit."""
        return self._kustomizations(commit, lambda: tuple(flux_kustomizations(self.tree(commit), self._remote)))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _chart(self, repository: str, reference: str) -> Path:
        return self._charts(
            (repository, reference), lambda: fetch(repository, reference, self._folder, self._plain_http)
        )


@contextmanager
def opened(forge: Forge, renderer: Renderer, config: Config) -> Iterator[Repo]:
    """The repo that `config` names, until the block ends."""
    with cloned(str(config.gitops), config.forge_token) as git, worked_in(forge, git, renderer, config) as repo:
        if config.commit_sign:
            copy_signing(Git(Path(config.root)), git)
        yield repo


@contextmanager
def worked_in(forge: Forge | None, git: Git, renderer: Renderer, config: Config) -> Iterator[Repo]:
    """With a folder for what is made of the commits of `git`, until the block ends; without a `forge` it is the source
    repository."""
    with (
        tempfile.TemporaryDirectory(prefix="waybill-") as folder,
        closing(Repo(forge, git, renderer, Path(folder), config)) as repo,
    ):
        yield repo


def export(git: Git, revision: str, folder: Path) -> Path:
    """The regular files of a revision that Flux gets of it, below `folder`; a path that would leave it is left out."""
    for path, data in taken(git.files(revision, ".")).items():
        if not {"..", ".git", ""} & set(PurePosixPath(path).parts) and not path.startswith("/"):
            lay_out(folder / path, data, f"{path:.200} of the GitOps repo")
    return folder
