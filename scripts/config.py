"""Settings of one service: waybill.toml < environment (WAYBILL_X) < flags. Secrets come from the environment alone."""

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from .addresses import likely_forge, repository_address
from .errors import Refused

if TYPE_CHECKING:
    from .clients.git import Git

# RFC 1123 label; 53 characters is what Helm allows a release's name, and lets `<service>-X.Y.Z` parse in one way.
Service = Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$")]
Label = Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Registry = Annotated[str, Meta(pattern=r"^oci://[A-Za-z0-9.\[\]:-]+(/[a-z0-9._-]+)*/?$")]
Url = Annotated[str, Meta(pattern=r"^https?://[^/\s]+(/[^\s]*)?$")]
KeyPath = str | tuple[str | int, ...]


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of waybill.toml; KEYS says what each means."""

    service: Service | None = None
    chart: str = "chart"
    namespace: Label | dict[Label, Label] = "apps"
    registry: Registry | None = None
    plain_http: bool = False
    source_repository: str | None = None
    gitops: str | None = None
    gitops_branch: str | None = None
    forge: Literal["github", "gitea", "file"] | None = None
    environments: tuple[Label, ...] = ()
    flux_source: Literal["helm-repository", "oci-repository"] = "helm-repository"
    ledger: Url | None = None
    kube_version: str | None = None
    values: tuple[str, ...] = ()
    app_version: bool = True
    service_account: str | None = None
    image: dict[str, KeyPath] = msgspec.field(
        default_factory=lambda: {"repository": "image.repository", "digest": "image.digest"}
    )


KEYS = {
    "service": "The application that is released. Default, and equal to it: Chart.yaml's name.",
    "chart": "Folder of the chart.",
    "namespace": "Namespace of the HelmRelease: one for all, or a table environment -> namespace.",
    "registry": "Where charts are pushed: oci://host/path.",
    "plain_http": "Speak HTTP to the registry (a loopback registry needs no flag).",
    "source_repository": "The source's address in the record. Default: the URL of the remote, normalised.",
    "gitops": "The GitOps repo: a URL, or a local path.",
    "gitops_branch": "Its base branch. Default: the remote's HEAD.",
    "forge": "Who opens the pull request: github, gitea, or file (a local path).",
    "environments": "All environments, in order of promotion.",
    "flux_source": "helm-repository, or oci-repository (pinned by chart digest).",
    "ledger": "The ledger's address.",
    "kube_version": "The Kubernetes version that `helm template` renders for.",
    "values": "Values files that linting and rendering the chart needs.",
    "app_version": "Write the commit's first 12 hex digits as Chart.yaml's appVersion.",
    "service_account": "The ServiceAccount that helm-controller acts as.",
    "image": "Keys of the image in values.yaml, e.g. repository=image.repository,digest=image.digest.",
}


class Config(Settings, frozen=True, kw_only=True):
    """Settings with every path relative to `root` (the repository's top) and each default of a repository filled in."""

    service: Service
    root: str
    remote: str = "origin"
    run: str | None = None
    forge_token: str | None = None
    ledger_token: str | None = None

    def __repr__(self) -> str:
        return f"Config({self.service})"  # tokens stay out of tracebacks

    @property
    def document(self) -> Path:
        return Path(self.root) / ".waybill" / f"{self.service}.json"

    @property
    def chart_repository(self) -> str:
        """`host/path/name` of the chart in its registry."""
        if self.registry is None:
            raise Refused("No registry is configured.", "Set `registry` in waybill.toml.", fault="you")
        return f"{self.registry.removeprefix('oci://')}/{self.service}"

    def namespace_of(self, environment: str) -> str:
        if isinstance(self.namespace, str):
            return self.namespace
        if environment not in self.namespace:
            raise Refused(
                f"waybill.toml's namespace table has no entry for {environment}.",
                f'Add `{environment} = "..."` to [namespace].',
                fault="you",
            )
        return self.namespace[environment]


def load(flags: Mapping[str, Any], *, path: Path | None = None, cwd: Path, remote: str = "origin") -> Config:
    """Reads waybill.toml at `path` (default: the nearest one upwards from `cwd`, inside the repository).

    `flags` holds the keys given on the command line. Anything unknown, of a wrong type or outside the repository is
    refused.
    """
    from .clients.git import Git

    root = _top(cwd)
    file = path or _nearest(cwd, root)
    here = file.parent.resolve() if file else root
    if not here.is_relative_to(root):
        raise Refused(f"{file} lies outside the repository {root}.", "Give a waybill.toml of this one.", fault="you")
    settings = _settings({**_table(file), **_environment(), **_flags(flags)})
    inside = _Inside(here, root)
    chart = inside(settings.chart, "chart")
    gitops = repository_address(settings.gitops, "gitops", here)
    source = repository_address(settings.source_repository, "source_repository", here)
    keys = msgspec.structs.asdict(settings) | {
        "service": _service(settings, Git(root), chart),
        "chart": chart,
        "values": tuple(inside(value, "values") for value in settings.values),
        "registry": settings.registry and settings.registry.rstrip("/"),
        "gitops": gitops,
        "source_repository": source,
        "forge": settings.forge or likely_forge(gitops),
        "ledger": settings.ledger and settings.ledger.rstrip("/"),
    }
    return Config(
        **keys,
        root=str(root),
        remote=repository_address(remote, "remote", root, resolve=False),
        run=os.environ.get("WAYBILL_RUN") or _github_run(),
        forge_token=secret("WAYBILL_FORGE_TOKEN"),
        ledger_token=secret("WAYBILL_LEDGER_TOKEN"),
    )


def secret(name: str) -> str | None:
    """The secret in the variable `name`, or in the file that `<name>_FILE` names."""
    file = os.environ.get(f"{name}_FILE")
    if not file:
        return os.environ.get(name) or None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{name}_FILE cannot be read: {error}.", "Name a readable file.", fault="you") from error


def _top(cwd: Path) -> Path:
    from .clients.git import Git
    from .clients.git_remote import untrusted

    found = Git(cwd).call("rev-parse", "--show-toplevel", check=False)
    if "dubious ownership" in found.complaint:
        raise untrusted(str(cwd))
    if found.code != 0:
        raise Refused(
            f"{cwd} is not in the work tree of a git repository.",
            "Run waybill inside the checkout of the service.",
            fault="you",
        )
    return Path(found.text).resolve()


def _nearest(cwd: Path, root: Path) -> Path | None:
    cwd = cwd.resolve()
    folders = [folder for folder in (cwd, *cwd.parents) if folder.is_relative_to(root)]
    return next((file for folder in folders if (file := folder / "waybill.toml").is_file()), None)


def _table(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refused(f"{file} cannot be read: {error}.", "Mend the file.", fault="you") from error
    for key in table:
        if key not in KEYS:
            near = get_close_matches(key, KEYS, 1)
            raise Refused(
                f"{file} has the unknown key `{key}`.",
                f"Did you mean `{near[0]}`?" if near else f"The keys are {', '.join(KEYS)}.",
                fault="you",
            )
    return table


def _environment() -> dict[str, Any]:
    given = {key: os.environ.get(f"WAYBILL_{key.upper()}") for key in KEYS if key != "image"}
    given["image"] = os.environ.get("WAYBILL_IMAGE_KEYS")
    return {key: _parse(key, text) for key, text in given.items() if text}


def _flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _parse(key, value) if isinstance(value, str) else value
        for key, value in flags.items()
        if value is not None and value != ()
    }


def _parse(key: str, text: str) -> Any:
    """`text` of a variable or flag in the shape that waybill.toml has: lists by comma, tables as `key=value,...`."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if key in ("environments", "values"):
        return words
    if key == "image" or (key == "namespace" and "=" in text):
        return {name: value for name, _, value in (word.partition("=") for word in words)}
    if key in ("plain_http", "app_version"):
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    return text


def _settings(table: dict[str, Any]) -> Settings:
    if isinstance(table.get("values"), str):
        table["values"] = [table["values"]]
    try:
        return msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        raise Refused(
            f"The settings are not right: {error}.",
            "Mend the key in waybill.toml, its WAYBILL_ variable or its flag.",
            fault="you",
        ) from error


class _Inside:
    """Turns a path of waybill.toml into one relative to the repository's top, and refuses one that leaves it."""

    def __init__(self, here: Path, root: Path) -> None:
        self.here, self.root = here, root

    def __call__(self, path: str, key: str) -> str:
        whole = (self.here / path).resolve()
        if not whole.is_relative_to(self.root) or whole == self.root:
            raise Refused(
                f"{key} = {path!r} does not lie inside the repository.", "Name a path below its top.", fault="you"
            )
        return str(PurePosixPath(whole.relative_to(self.root)))


def _service(settings: Settings, git: "Git", chart: str) -> str:
    from .yaml.edit import read

    if git.commit("HEAD") is None:
        raise Refused("The repository has no commit.", "Commit the chart first.", fault="repository")
    source = git.blob("HEAD", f"{chart}/Chart.yaml")
    if source is None:
        raise Refused(
            f"HEAD holds no {chart}/Chart.yaml.", "Commit the chart, or say `chart = ...` in waybill.toml.", fault="you"
        )
    name = read(source, ("name",), name=f"{chart}/Chart.yaml")
    if settings.service not in (None, name):
        raise Refused(
            f"service is {settings.service!r}, but {chart}/Chart.yaml's name is {name!r}.",
            "Make them equal: the tag then reserves the chart's version too.",
            fault="you",
        )
    try:
        return msgspec.convert(name, Service)
    except msgspec.ValidationError as error:
        raise Refused(
            f"{chart}/Chart.yaml's name {name!r} is no RFC 1123 label of at most 53 characters.",
            "Rename the chart.",
            fault="chart",
        ) from error


def _github_run() -> str | None:
    server, repository, run = (os.environ.get(f"GITHUB_{key}") for key in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
