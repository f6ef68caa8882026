"""The settings of one service, complete: its repository's defaults filled in, secrets from the environment alone."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from . import ci
from .addresses import ledger_address, likely_forge, repository_address
from .clients.git import IDENTITY, Author
from .document import By
from .environments import environments_of
from .errors import Refused
from .image.blocks import Block, parse
from .settings import Service, Settings, read
from .stages import Stage

if TYPE_CHECKING:
    from .clients.git import Git


class NoCheckout(Refused):
    """There is no checkout of a service here."""


class Config(Settings, frozen=True, kw_only=True):
    """Settings with every path relative to `root` (the repository's top) and each default of a repository filled in.

    `file` is the waybill.toml that says where images stand, None where a flag or a variable does, or nothing.
    `environments` are single ones, `groups` the names of those that form a group; a table of a group is one of each.
    """

    service: Service
    groups: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    values: tuple[str, ...] = ()
    root: str
    file: str | None = None
    remote: str = "origin"
    actor: str | None = None
    run: str | None = None
    forge_token: str | None = None
    ledger_token: str | None = None

    def __repr__(self) -> str:
        return f"Config({self.service})"  # tokens stay out of tracebacks

    @property
    def image_blocks(self) -> tuple[Block, ...]:
        return parse(self.image_keys, self.service)

    @property
    def is_gitless(self) -> bool:
        """Whether a tag of the artifact, not a GitOps repo, says what Flux applies in an environment."""
        return self.gitops is None and self.artifact is not None

    @property
    def document(self) -> Path:
        return Path(self.root) / ".waybill" / f"{self.service}.json"

    @property
    def by(self) -> By | UnsetType:
        """Who runs this, where that is known."""
        return By(self.actor or UNSET, self.run or UNSET) if self.actor or self.run else UNSET

    @property
    def author(self) -> Author:
        """Of the commits that Waybill makes."""
        return Author.called(self.commit_author or IDENTITY, signs=self.commit_sign)

    @property
    def chart_repository(self) -> str:
        """`host/path/name` of the chart in its registry."""
        if self.registry is None:
            raise Refused("No registry is configured.", "Set `registry` in waybill.toml.", fault="you")
        return f"{self.registry.removeprefix('oci://')}/{self.service}"

    def in_chart(self, name: str) -> str:
        """The path of a file of the chart."""
        return str(PurePosixPath(self.chart) / name)

    @property
    def stages(self) -> tuple[Stage, ...]:
        group_of = {name: group for group, names in self.groups.items() for name in names}
        order = dict.fromkeys(group_of.get(name, name) for name in self.environments)
        return tuple(Stage(name, self.groups.get(name, (name,))) for name in order)

    def chosen(self, names: Iterable[str]) -> tuple[str, ...]:
        """The environments that `names`, of environments and groups, stand for, in the order of waybill.toml; its first
        one where `names` is empty."""
        if not self.environments:
            raise Refused(
                "No environment is configured.", 'Set `environments` in waybill.toml, e.g. ["staging"].', fault="you"
            )
        names = set(names) or set(self.environments[:1])
        if unknown := sorted(names - {*self.environments, *self.groups}):
            groups = f", the groups {', '.join(self.groups)}" if self.groups else ""
            raise Refused(
                f"{', '.join(unknown)} is no environment of this service.",
                f"The environments are {', '.join(self.environments)}{groups}; a new one goes into waybill.toml.",
                fault="you",
            )
        wanted = {member for name in names for member in self.groups.get(name, (name,))}
        return tuple(name for name in self.environments if name in wanted)

    def shipped_to(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of `chosen` that a release is for: none without GitOps repo and artifact, which is of one."""
        chosen = self.chosen(names) if self.has_releases else ()
        if self.artifact and len(chosen) != 1:
            raise Refused(
                f"With `artifact` a release is shipped to one environment at a time, not to {' and '.join(chosen)}.",
                "Ship to one and promote to the others, or leave `artifact` out of waybill.toml.",
                fault="you",
            )
        return chosen

    def namespace_of(self, environment: str) -> str:
        table = self.environment_tables.get(environment)
        if table and table.namespace:
            return table.namespace
        if isinstance(self.namespace, str):
            return self.namespace
        if environment not in self.namespace:
            raise Refused(
                f"waybill.toml's namespace table has no entry for {environment}.",
                f'Add `{environment} = "..."` to [namespace].',
                fault="you",
            )
        return self.namespace[environment]

    def helmrelease(self, environment: str) -> tuple[str, str] | None:
        """File and name ("" where the file has only one) of the HelmRelease that people wrote for `environment`."""
        table = self.environment_tables.get(environment)
        if table is None or table.helmrelease is None:
            return None
        file, _, name = table.helmrelease.partition("#")
        return str(PurePosixPath(file)), name

    def merges(self, environment: str) -> bool:
        """Whether the forge is asked to merge what is proposed for `environment`."""
        table = self.environment_tables.get(environment)
        return table is not None and table.merge == "auto"


def load(
    flags: Mapping[str, Any], git: "Git", *, path: Path | None = None, cwd: Path, remote: str = "origin"
) -> Config:
    """Reads waybill.toml at `path` (default: the nearest one upwards from `cwd`, inside the repository `git`).

    `flags` holds the keys given on the command line. Anything unknown, of a wrong type or outside the repository is
    refused.
    """
    root = git.folder
    file = path or nearest(cwd, root)
    here = file.parent.resolve() if file else root
    if not here.is_relative_to(root):
        raise NoCheckout(f"{file} lies outside the repository {root}.", "Name a waybill.toml inside it.", fault="you")
    settings = read(file, flags)
    values = (settings.values,) if isinstance(settings.values, str) else settings.values
    inside = _Inside(here, root)
    chart = inside(settings.chart, "chart", top=True)
    told = flags.get("image_keys") or os.environ.get("WAYBILL_IMAGE_KEYS")
    it = settings.verify_image
    keys = {
        "file": None if told or file is None else str((here / file.name).relative_to(root)),
        "service": _service(settings, git, chart),
        "chart": chart,
        "values": tuple(inside(path, "values") for path in values),
        "manifests": inside(settings.manifests, "manifests"),
        "verify_image": it and msgspec.structs.replace(it, key=it.key and inside(it.key, "verify_image.key")),
        "paths": tuple(inside(path, "paths", top=True) for path in settings.paths),
        "source_repository": repository_address(settings.source_repository, "source_repository", here),
    }
    return _complete(settings, keys, here, root, remote)


def without_checkout(
    service: str, flags: Mapping[str, Any], environments: Iterable[str], *, path: Path | None, cwd: Path, remote: str
) -> Config:
    """The settings of `service` where its repository is not at hand: from the file `path`, if it is given, from
    variables and `flags`. Where they name no environments, `environments` are those that there are."""
    settings = read(path, {**flags, "service": service})
    if not settings.environments:
        settings = msgspec.structs.replace(settings, environments=tuple(environments))
    here = path.parent.resolve() if path else cwd.resolve()
    return _complete(settings, {"values": ()}, here, cwd.resolve(), remote)


def _complete(settings: Settings, keys: dict[str, Any], here: Path, root: Path, remote: str) -> Config:
    """`keys` are those that only a checkout can tell."""
    gitops = repository_address(settings.gitops, "gitops", here)
    common = {
        "registry": settings.registry and settings.registry.rstrip("/"),
        "artifact": settings.artifact and settings.artifact.rstrip("/"),
        "gitops": gitops,
        "forge": settings.forge or likely_forge(gitops),
        "ledger": ledger_address(settings.ledger),
    }
    config = Config(
        **{**msgspec.structs.asdict(settings), **common, **environments_of(settings), **keys},
        root=str(root),
        remote=repository_address(remote, "remote", root, resolve=False),
        actor=ci.actor(),
        run=ci.run(),
        forge_token=secret("WAYBILL_FORGE_TOKEN"),
        ledger_token=secret("WAYBILL_LEDGER_TOKEN"),
    )
    _ = config.image_blocks
    return config


def secret(name: str) -> str | None:
    """The secret in the variable `name`, or in the file that `<name>_FILE` names."""
    file = os.environ.get(f"{name}_FILE")
    if not file:
        return os.environ.get(name) or None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{name}_FILE cannot be read: {error}.", "Name a readable file.", fault="you") from error


def repository_of(cwd: Path) -> "Git":
    """The one in whose work tree `cwd` lies, at its top."""
    from .clients.git import Git
    from .clients.git_remote import untrusted

    found = Git(cwd).call("rev-parse", "--show-object-format", "--show-toplevel", check=False)
    if "dubious ownership" in found.complaint:
        raise untrusted(str(cwd))
    if found.code != 0:
        raise NoCheckout(
            f"{cwd} is not in the work tree of a git repository.",
            "Run waybill inside the checkout of the service.",
            fault="you",
        )
    format, _, top = found.text.partition("\n")
    if format != "sha1":
        raise Refused(
            f"{top} names its objects by {format}, and a waybill names commits by SHA-1.",
            "Ship from a repository of SHA-1 objects (`git init --object-format=sha1`).",
            fault="repository",
        )
    return Git(Path(top).resolve())


def nearest(cwd: Path, root: Path | None = None) -> Path | None:
    """The waybill.toml in `cwd`, or in the nearest folder above it; of those inside `root`, where that is given."""
    cwd = cwd.resolve()
    folders = [folder for folder in (cwd, *cwd.parents) if root is None or folder.is_relative_to(root)]
    return next((file for folder in folders if (file := folder / "waybill.toml").is_file()), None)


class _Inside:
    """Turns a path of waybill.toml into one relative to the repository's top, and refuses one that leaves it."""

    def __init__(self, here: Path, root: Path) -> None:
        self.here, self.root = here, root

    def __call__(self, path: str, key: str, *, top: bool = False) -> str:
        """With `top` the repository's top is inside, too: it is `.`."""
        try:
            whole = (self.here / path).resolve()
        except (OSError, ValueError, RuntimeError):  # a NUL, or links that lead in a circle
            whole = Path()
        if not whole.is_relative_to(self.root) or (whole == self.root and not top):
            raise Refused(
                f"{key} = {path!r} does not lie inside the repository.", "Name a path inside it.", fault="you"
            )
        return str(PurePosixPath(whole.relative_to(self.root)))


def _service(settings: Settings, git: "Git", chart: str) -> str:
    from .clients.git_filters import refuse_left
    from .yaml.edit import read as scalar

    if git.commit("HEAD") is None:
        raise NoCheckout("The repository has no commit.", "Commit the chart first.", fault="repository")
    file = str(PurePosixPath(chart) / "Chart.yaml")
    source = git.blob("HEAD", file)
    if source is None:
        raise NoCheckout(f"HEAD holds no {file}.", "Commit the chart, or set `chart` in waybill.toml.", fault="you")
    refuse_left(file, source)
    name = scalar(source, ("name",), name=file)
    if settings.service not in (None, name):
        raise Refused(
            f"service is {settings.service!r}, but {file}'s name is {name!r}.",
            "Make them equal: one tag then reserves the version of both.",
            fault="you",
        )
    try:
        return msgspec.convert(name, Service)
    except msgspec.ValidationError as error:
        raise Refused(
            f"{file}'s name {name!r} is no RFC 1123 label of at most 53 characters.",
            "Rename the chart.",
            fault="chart",
        ) from error
