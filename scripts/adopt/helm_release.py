"""adopt: looks at a HelmRelease that people wrote, says what a release would write there, and keeps in waybill.toml
that it is an environment's."""

import tomllib
from pathlib import Path

import msgspec
from msgspec import Struct, structs
from semver import Version

from ..config import Config
from ..diff.repo import opened
from ..environments import refuse_shared
from ..errors import Refused
from ..folder import write
from ..gitops.files import written
from ..gitops.layout import Files, paths, release_file, shipping_branch
from ..gitops.places import place_of
from ..gitops.site import Existing, Site
from ..session import Session
from ..settings import EnvironmentSettings, HelmReleaseFile
from ..toml import with_key
from ..yaml.document import shown
from ..yaml.edit import read


class Write(Struct, frozen=True):
    """What a release writes: where and what it is now, null where a line is added."""

    file: str
    key: str
    line: int | None
    present: str | None


class Adoption(Struct, frozen=True):
    """`builds` is what builds the file, `place` is `namespace/name`, null where the GitOps repo does not tell it,
    `chart` and `version` are what is there now. `kept` says whether waybill.toml has it."""

    environment: str
    helmrelease: str
    builds: str
    place: str | None
    chart: str
    version: str
    writes: list[Write]
    kept: bool


def adopt(here: Session, settings: Path | None, environment: str, wanted: str, *, dry_run: bool) -> Adoption:
    """Refuses what Waybill could not write releases to; with `dry_run` waybill.toml stays as it is."""
    if settings is None:
        what = "There is no waybill.toml here, which would say where the release is."
        raise Refused(what, "Write one first.", fault="you")
    try:
        msgspec.convert(wanted, HelmReleaseFile)
    except msgspec.ValidationError as error:
        raise Refused(
            f"{wanted!r} names no HelmRelease of the GitOps repo.",
            "Give FILE or FILE#NAME, with the file's path from the top of the repo.",
            fault="you",
        ) from error
    text = settings.read_bytes()
    changed = with_key(text, ("environment", environment), "helmrelease", wanted, name=settings.name)
    config = _with(here.config, environment, changed)
    with here.report.step("look at the GitOps repo"), opened(here.forge, here.renderer, config) as repo:
        heads = repo.look(config.gitops_branch, shipping_branch(config.service))
        _refuse_twice(
            config, environment, wanted, repo.git.files(heads.base_head, *paths(config.service, [environment]))
        )
        site = repo.site(heads.base_head, environment, config, config.registry)
        files = repo.git.files(heads.base_head, *site.files)
    if not dry_run and changed != text:
        write(settings, changed)
    found = _described(environment, site, files, kept=not dry_run or changed == text)
    _warn_of_lower(here, found)
    return found


def _with(config: Config, environment: str, text: bytes) -> Config:
    """The settings with the environment's own table in `text`, a waybill.toml."""
    if environment in config.groups:
        raise Refused(
            f"{environment} is a group, and each of its environments has a HelmRelease of its own.",
            f"Adopt that of {' and of '.join(config.groups[environment])}.",
            fault="you",
        )
    (name,) = config.chosen([environment])
    table = config.environment_tables.get(name, EnvironmentSettings())
    own = tomllib.loads(text.decode())["environment"][name]
    table = structs.replace(table, helmrelease=own["helmrelease"], namespace=own.get("namespace"))
    tables = {**config.environment_tables, name: table}
    refuse_shared(tables)
    return structs.replace(config, environment_tables=tables)


def _refuse_twice(config: Config, environment: str, wanted: str, files: Files) -> None:
    present = release_file(config.service, environment)
    if present in files and wanted.partition("#")[0] != present:
        raise Refused(
            f"{environment} is released to {present} in the GitOps repo: with another file it would run twice.",
            "Let releases go on there. No `helmrelease` is needed for that.",
            fault="gitops",
        )


def _described(environment: str, site: Site, files: Files, *, kept: bool) -> Adoption:
    existing = site.existing or Existing("", None, "", "")
    applied = f"{existing.flux[0]}, which applies {site.folder}" if existing.flux else site.folder
    writes = [
        Write(target.file, shown(keys), target.line(files, keys), target.read(files, keys))
        for target, keys in written(site)
    ]
    called = f"{site.release.file}#{site.release.name}"
    return Adoption(environment, called, applied, place_of(existing), existing.chart, existing.version, writes, kept)


def _warn_of_lower(here: Session, found: Adoption) -> None:
    """The chart's own version decides the next one, unless --version does."""
    file = here.config.in_chart("Chart.yaml")
    mine = read(here.git.blob("HEAD", file) or b"", ("version",), name=file) or ""
    present = found.version.removeprefix("v")
    if all(map(Version.is_valid, (mine, present))) and Version.parse(mine) < Version.parse(present):
        here.report.warn(
            f"{found.environment} has {found.version}, and {file} says {mine}: only a release that is higher than both "
            "is proposed. Raise it there, or give the first one with --version."
        )
