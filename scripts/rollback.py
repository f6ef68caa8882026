"""rollback: proposes a lower version for environments, with the reason, on a branch each. It needs no checkout."""

from collections.abc import Mapping, Sequence

from msgspec import structs

from .chart.version import strict
from .checks import Release, refuse_early
from .clients.http_failure import NoAnswer
from .config import Config
from .diff.repo import Repo
from .document import Waybill
from .errors import Refused
from .gitops import layout
from .gitops.files import release_in
from .gitops.layout import Files
from .gitops.post_renderers import pinned
from .gitops.site import Site
from .image import by_name
from .image.blocks import RENDERED
from .image.name import full
from .proposal.intent import Change
from .proposals import change_for, released
from .releases.before import healthy_before
from .releases.lookup import as_filed
from .session import Session
from .settings import EnvironmentSettings
from .source.moves import moves
from .yaml.edit import read


def rollback(
    here: Session, repo: Repo, environments: Sequence[str], version: str | None, reason: str, *, dry_run: bool
) -> list[Change]:
    """What is to be proposed for `environments`: `version`, or for each what was healthy there before."""
    if not (reason := _plain(reason)):
        raise Refused("--reason gives no reason.", "Say in a few words why the version is lowered.", fault="you")
    config = here.config
    wanted = str(strict(version, "VERSION", fault="you")) if version else None
    if here.ledger is None and (here.away or wanted is None):
        raise Refused(
            "Only a ledger knows what was healthy before, and what a release is, and none is configured.",
            f"Set `ledger`; or give VERSION in a checkout of {config.service}.",
            fault="you",
        )
    refuse_early(here, Release(environments, changes=not dry_run, begins=False))
    names = config.chosen(environments)
    if config.is_gitless:
        return _moved_back(here, repo, names, wanted, reason)
    heads = repo.look(config.gitops_branch, layout.promotion_branch(config.service, names[0]))
    config = _as_it_is(config, names, repo.git.files(heads.base_head, *layout.paths(config.service, names)))
    sites = {name: repo.site(heads.base_head, name, config, None) for name in names}
    where = {it for name, site in sites.items() for it in (*site.files, site.artifact(config.service, name).file)}
    files = repo.git.files(heads.base_head, *sorted(where))
    here = structs.replace(here, config=structs.replace(config, artifact=_artifact(config, files, sites)))
    chosen = {name: _to(here, name, wanted, release_in(files, sites[name])) for name in names}
    releases = {version: _release(here, version) for version in dict.fromkeys(chosen.values())}
    changes = (
        change_for(here, releases[version], name, kind="rollback", reason=reason, named=wanted is not None)
        for name, version in chosen.items()
    )
    return [_pinned_as_it_is(change, files, sites[change.environments[0]]) for change in changes]


def _moved_back(here: Session, repo: Repo, names: Sequence[str], wanted: str | None, reason: str) -> list[Change]:
    """As `rollback`, where there is no GitOps repo: the source repository tells what the environments have."""
    service, remote = here.config.service, here.config.remote
    newest = {name: moves(repo.git, remote, layout.move_ref(service, name))[:1] for name in names}
    said = {name: [it.version for it in have] for name, have in newest.items()}
    chosen = {name: _to(here, name, wanted, dict.fromkeys(["version"], *it) if it else {}) for name, it in said.items()}
    releases = {version: _release(here, version) for version in dict.fromkeys(chosen.values())}
    return [
        change_for(here, releases[version], name, kind="rollback", reason=reason, named=wanted is not None)
        for name, version in chosen.items()
    ]


def _plain(text: str) -> str:
    """Of several lines, without control characters."""
    lines = ("".join(sign if sign.isprintable() else " " for sign in line) for line in text.strip().split("\n"))
    return "\n".join(line.rstrip() for line in lines).strip()


def _as_it_is(config: Config, environments: Sequence[str], files: Files) -> Config:
    """Settings that leave source and namespace as the GitOps repo has them: a rollback changes neither."""
    base = layout.base(config.service)
    by_digest = f"{base}/ocirepository.yaml" in files
    tables: Mapping[str, EnvironmentSettings] = config.environment_tables
    for name in filter(lambda name: config.helmrelease(name) is None, environments):
        path = f"{layout.overlay(config.service, name)}/kustomization.yaml"
        namespace = read(files[path], ("namespace",), name=path, fault="gitops") if path in files else None
        table = tables.get(name, EnvironmentSettings())
        tables = {**tables, name: structs.replace(table, namespace=namespace or table.namespace)}
    source = "oci-repository" if by_digest else "helm-repository"
    return structs.replace(config, flux_source=source, environment_tables=dict(tables))


def _artifact(config: Config, files: Files, sites: Mapping[str, Site]) -> str | None:
    """Where the GitOps repo has the artifacts; as the settings say, where it has none."""
    there = ((name, site.artifact(config.service, name)) for name, site in sites.items())
    urls = (str(it.read(files, ("spec", "url"))).removesuffix(f"/{name}") for name, it in there if it.file in files)
    return next(urls, config.artifact)


def _pinned_as_it_is(change: Change, files: Files, site: Site) -> Change:
    """Sets each image that the environment's post-renderers set: a digest that stayed would be the other release's.

    Which image it is, the digest tells, since the environment's annotation names that of each; else the repository.
    """
    service, images = change.waybill.service, by_name.of(change.waybill)
    known = {block.post_render for block in change.config.image_blocks}
    there = by_name.read(release_in(files, site).get("image", ""), service)
    tables: list[dict[str, str]] = []
    for item in pinned(files, site):
        rendered, repository = str(item.get("name")), full(str(item.get("newName") or item.get("name")))
        names = [name for name, image in there.items() if image.digest == item.get("digest")]
        names = names or [name for name, image in images.items() if full(image.repository) == repository]
        if len(names) == 1 and rendered not in known and RENDERED.fullmatch(rendered):
            tables.append({"name": names[0], "post_render": rendered})
    keys = change.config.image_keys
    together = (*([keys] if isinstance(keys, dict) else keys), *tables)
    return structs.replace(change, config=structs.replace(change.config, image_keys=together)) if tables else change


def _to(here: Session, environment: str, version: str | None, said: Mapping[str, str]) -> str:
    """`said` is the release that the GitOps repo has there."""
    service, present = here.config.service, said.get("version")
    if present is None:
        where = "source repository" if here.config.is_gitless else "GitOps repo"
        raise Refused(
            f"The {where} has no release of {service} for {environment}, so there is nothing to roll back.",
            "Correct SERVICE, --environment (a group is known from `environments` alone), or `gitops`; give --config "
            "where waybill.toml has its `helmrelease`.",
            fault="you",
        )
    if version or here.ledger is None:
        return str(version)
    try:
        before = healthy_before(here.ledger, service, environment, present, here.report)
    except NoAnswer as error:
        remedy = f"{error.remedy} In a checkout of {service}, a rollback with VERSION needs no ledger."
        raise Refused(error.what, remedy, fault=error.fault) from error
    here.report.did("rollback", f"{environment} has {present}, and {before} was healthy there before")
    return before


def _release(here: Session, version: str) -> Waybill:
    if not here.away or here.ledger is None:
        return released(here, version)
    service = here.config.service
    remedy = f"Run it in a checkout of {service}, or with --remote and the address of its repository"
    try:
        filed = here.ledger.release(service, version)
    except Refused as error:
        raise Refused(error.what, f"{error.remedy} Without the ledger: {remedy}.", fault=error.fault) from error
    if filed is None:
        raise Refused(f"{service} {version} is not filed with the ledger.", f"{remedy}: its tag tells.", fault="you")
    return as_filed(filed, here)
