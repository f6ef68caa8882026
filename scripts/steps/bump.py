"""bump: the release commit of an image digest: which version it gets, and the two files of the chart that say so.

The commit is built in git's object store, on top of the source commit: no branch and no file of the work tree moves.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec import UNSET

from ..addresses import normalise
from ..chart.version import Part, Version, comparable, next_version, registry_version, strict
from ..clients.git import Git
from ..clients.registry import Registry
from ..clients.registry_http import Denied
from ..config import Config
from ..document import Chart, Image, Source, Waybill
from ..errors import Refused
from ..image import keys as image_keys
from ..image.reference import Reference
from ..report import Report
from ..source.tags import Tagged, refuse_older, released_as, tagged
from ..yaml.edit import read, set_scalar


@dataclass(frozen=True)
class Choice:
    """What the user asks of bump. `version` is an exact one; `alone`: nothing is published, so that a repository
    without a remote or registry will do."""

    image: Reference
    part: Part | None = None
    version: str | None = None
    skip_image_check: bool = False
    allow_older: bool = False
    first_publish: bool = False
    alone: bool = False


def bump(choice: Choice, config: Config, git: Git, report: Report) -> Waybill:
    """The waybill of this image at HEAD, with the release commit in `source`; the same input gives the same one."""
    with report.step("bump"):
        image = look_at_image(choice, config, report)
        git.deepen(config.remote)
        head = str(git.commit("HEAD"))
        tags = tagged(config.service, config.remote, git) if has_remote(choice, config, git, report) else []
        known = released_as(tags, head, choice.image, config, git)
        if known:
            version = known.version
            refuse_other_version(choice, known, report)
        else:
            version = choose(choice, head, config, git, tags, report)
        source = source_of(config, git)
        commit = known.commit if known else release_commit(choice.image, head, str(version), source, config, git)
    tag = f"{config.service}-{version}"
    report.say(f"bump: {tag}" + (", which this commit and image are already" if known else ""))
    return Waybill(
        service=config.service,
        image=image,
        source=Source(
            repository=source,
            commit=head,
            committed_at=datetime.fromtimestamp(git.committed(head), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            release_commit=commit,
            tag=tag,
            run=config.run or UNSET,
        ),
        chart=Chart(
            name=config.service,
            version=str(version),
            app_version=read(git.blob(commit, f"{config.chart}/Chart.yaml") or b"", ("appVersion",)) or "",
            repository=config.registry or UNSET,
        ),
    )


def look_at_image(choice: Choice, config: Config, report: Report) -> Image:
    """Proves that the registry has the digest, unless told not to."""
    repository, digest = choice.image.repository, choice.image.digest
    if choice.skip_image_check:
        report.warn("nobody looked whether the registry has this image (--skip-image-check)")
        return Image(repository=repository, digest=digest, platforms=(), checked=False)
    platforms = Registry(config.plain_http).platforms(repository, digest)
    return Image(repository=repository, digest=digest, platforms=platforms, checked=True)


def has_remote(choice: Choice, config: Config, git: Git, report: Report) -> bool:
    if "/" in config.remote or git.call("remote", "get-url", "--", config.remote, check=False).code == 0:
        return True
    if not choice.alone:
        raise Refused(
            f"The repository has no remote `{config.remote}`, where a tag reserves the version.",
            f"Add it (`git remote add {config.remote} URL`) or name another one with --remote.",
            fault="repository",
        )
    report.warn(f"no remote `{config.remote}`: nobody looked which versions its tags have taken")
    return False


def source_of(config: Config, git: Git) -> str:
    """What the settings say, else the address of the remote, else the checkout's own path.

    The address is the configured one, before git's insteadOf: that is each machine's own.
    """
    given, remote = config.source_repository, config.remote
    if given is None:
        given = remote if "/" in remote else git.call("config", "--get", f"remote.{remote}.url", check=False).text
    return normalise(given or config.root)


def refuse_other_version(choice: Choice, known: Tagged, report: Report) -> None:
    if choice.version and choice.version != str(known.version):
        raise Refused(
            f"This commit and image are released as {known.tag} already, so they cannot be {choice.version} too.",
            f"Leave --version out to complete or repeat {known.tag}; another version needs another commit or image.",
            fault="you",
        )
    if choice.part:
        report.warn(f"--part {choice.part} is ignored: this commit and image are {known.tag}")


def choose(choice: Choice, head: str, config: Config, git: Git, tags: list[Tagged], report: Report) -> Version:
    path = f"{config.chart}/Chart.yaml"
    mine = read(git.blob(head, path) or b"", ("version",), name=path) or ""
    taken = {tag.version for tag in tags} | published(choice, config, report, reading_may_be_denied=not tags)
    exact = strict(choice.version, "--version", fault="you") if choice.version else None
    current = strict(mine, f"{path}'s version", fault="chart")
    version = next_version(current, taken, part=choice.part or "patch", exact=exact)
    if not choice.allow_older:
        refuse_older([tag for tag in tags if tag.version in comparable(version, taken)], head, git)
    return version


def published(choice: Choice, config: Config, report: Report, *, reading_may_be_denied: bool) -> set[Version]:
    """The versions that the registry has of this chart."""
    if config.registry is None:
        report.warn("no registry is configured: nobody looked which versions are published")
        return set()
    try:
        found = Registry(config.plain_http).tags(config.chart_repository)
    except Denied as denied:
        if not reading_may_be_denied:
            raise
        if not choice.first_publish:
            never = "If this chart was never published, some registries deny reading it: then say --first-publish."
            raise Refused(denied.what, f"{denied.remedy} {never}", fault=denied.fault) from denied
        found = []
    return {version for tag in found if (version := registry_version(tag))}


def release_commit(image: Reference, head: str, version: str, source: str, config: Config, git: Git) -> str:
    """A commit on `head`, whose dates it has; its tree differs in the two files of the chart alone."""
    tree = git.write_tree(head, edited(image, head, version, source, config, git))
    message = f"{config.service} {version}\n\nImage {image}\n"
    return git.commit_tree(tree, [head], message, git.committed(head))


def edited(image: Reference, head: str, version: str, source: str, config: Config, git: Git) -> dict[str, bytes]:
    """values.yaml of `head` with the image, and its Chart.yaml with the version and where it comes from."""
    values_path, chart_path = f"{config.chart}/values.yaml", f"{config.chart}/Chart.yaml"
    files = git.files(head, values_path, chart_path)
    if values_path not in files:
        raise Refused(f"{head[:12]} holds no {values_path}.", "Commit one with the image's keys.", fault="chart")
    keys = image_keys.parse(config.image_keys)
    values = image_keys.write(keys, files[values_path], image.repository, image.digest, head, name=values_path)
    chart = set_scalar(files[chart_path], ("version",), version, name=chart_path)
    if config.app_version:
        chart = set_scalar(chart, ("appVersion",), head[:12], quoted=True, after="version", name=chart_path)
    for name, value in (
        ("org.opencontainers.image.source", source),
        ("org.opencontainers.image.revision", head),
        ("waybill/image", str(image)),
    ):
        chart = set_scalar(chart, ("annotations", name), value, name=chart_path)
    return {values_path: values, chart_path: chart}
