"""bump: chooses the version of an image digest and builds the release commit, which changes two files of the chart.

The commit is built in git's object store, on top of the source commit: no branch and no file of the work tree moves.
"""

from msgspec import UNSET, Struct

from ..addresses import normalise
from ..chart.version import Part, Version, comparable, next_version, registry_version, strict
from ..clients.http_failure import Denied
from ..clients.registry import Registry, split
from ..document import Chart, Image, Source, Waybill
from ..errors import Refused
from ..image import by_name
from ..image.by_name import Images
from ..image.reference import Reference
from ..keys import verified
from ..report import Report
from ..source.changes import refuse_absent, with_changes
from ..source.checkout import Checkout
from ..source.commit import build
from ..source.remote import is_known
from ..source.tags import Tagged, holds, refuse_older, refuse_trial_merge, released_as, tagged
from ..source.work_tree import write
from ..yaml.edit import read


class Choice(Struct, frozen=True):
    """What the user wants from bump: `images` by their names. `version` is an exact one. `alone`: nothing will be
    published, so that neither a remote nor a registry is needed."""

    images: Images
    part: Part | None = None
    version: str | None = None
    skip_image_check: bool = False
    allow_older: bool = False
    first_publish: bool = False
    alone: bool = False


def bump(choice: Choice, here: Checkout) -> Waybill:
    """The waybill of this image at HEAD, with the release commit in `source`; the same input gives the same one."""
    config, git = here.config, here.git
    with here.report.step("bump"):
        images = tuple(look_at_image(name, image, choice, here) for name, image in choice.images.items())
        images = verified(images, here.config)
        git.deepen(config.remote)
        head = str(git.commit("HEAD"))
        refuse_absent(git, head, config.paths)
        tags = tagged(here) if has_remote(choice, here) else []
        known = released_as(tags, head, choice.images, here)
        if known:
            version = known.version
            refuse_other_version(choice, known, here.report)
        else:
            version = choose(choice, head, tags, here)
        repository = source_of(here, known)
        commit = known.commit if known else build(choice.images, head, str(version), repository, here)
        committed_at = git.committed_at(head)
        source = Source(repository, head, committed_at, commit, f"{config.service}-{version}")
        source = with_changes(source, version, tags, here)
    here.report.did(
        "bump", f"{source.tag}" + (", the version that this commit and image have already" if known else "")
    )
    return Waybill(
        service=config.service,
        images=images,
        source=source,
        chart=Chart(
            name=config.service,
            version=str(version),
            app_version=read(git.blob(commit, config.in_chart("Chart.yaml")) or b"", ("appVersion",)) or "",
            repository=config.registry or UNSET,
        ),
        by=config.by,
    )


def look_at_image(name: str, reference: Reference, choice: Choice, here: Checkout) -> Image:
    """Checks that the registry has the digest, unless the user does not want that; what no registry could have is
    refused."""
    repository, digest = reference.repository, reference.digest
    split(repository)
    if choice.skip_image_check:
        here.report.warn("it was not checked that the registry has this image (--skip-image-check)")
        return Image(name, repository, digest, manifests={}, checked=False)
    manifests = Registry(here.config.plain_http).manifests(repository, digest)
    return Image(name, repository, digest, manifests, checked=True)


def has_remote(choice: Choice, here: Checkout) -> bool:
    config = here.config
    if is_known(here.git, config.remote, config.service):
        return True
    if not choice.alone:
        raise Refused(
            f"The repository has no remote `{config.remote}`, where a tag reserves the version.",
            f"Add it (`git remote add {config.remote} URL`) or name another one with --remote.",
            fault="repository",
        )
    here.report.warn(f"no remote `{config.remote}`: the versions that its tags have taken are not known")
    return False


def source_of(here: Checkout, known: Tagged | None) -> str:
    """The address in the settings, else that of the remote, else the checkout's own path; of a release that is `known`
    as it was written then, where that is another form of the same.

    The remote's is read as it is configured, before insteadOf, which differs between machines.
    """
    given, remote = here.config.source_repository, here.config.remote
    if given is None:
        given = remote if "/" in remote else here.git.call("config", "--get", f"remote.{remote}.url", check=False).text
    address = normalise(given or here.config.root)
    chart = here.git.blob(known.commit, here.config.in_chart("Chart.yaml")) if known else None
    written = read(chart, ("annotations", "org.opencontainers.image.source")) if chart else None
    return written if written and normalise(written) == address else address


def refuse_other_version(choice: Choice, known: Tagged, report: Report) -> None:
    if choice.version and choice.version != str(known.version):
        raise Refused(
            f"This commit and image are released as {known.tag} already, so they cannot be {choice.version} too.",
            f"Leave --version out to complete or repeat {known.tag}; another version needs another commit or image.",
            fault="you",
        )
    if choice.part:
        report.warn(f"--part {choice.part} is ignored: this commit and image are {known.tag}")


def choose(choice: Choice, head: str, tags: list[Tagged], here: Checkout) -> Version:
    path = here.config.in_chart("Chart.yaml")
    mine = read(here.git.blob(head, path) or b"", ("version",), name=path) or ""
    taken = {tag.version for tag in tags} | published(choice, here, reading_may_be_denied=not tags)
    exact = strict(choice.version, "--version", fault="you") if choice.version else None
    current = strict(mine, f"{path}'s version", fault="chart")
    version = next_version(current, taken, part=choice.part or "patch", exact=exact)
    if not version.prerelease:
        refuse_trial_merge(head, here.git)
    if not choice.allow_older:
        refuse_older([tag for tag in tags if tag.version in comparable(version, taken)], head, here)
    return version


def published(choice: Choice, here: Checkout, *, reading_may_be_denied: bool) -> set[Version]:
    """The versions that the registry has of this chart."""
    if here.config.registry is None:
        here.report.warn("no registry is configured: the versions that are published are not known")
        return set()
    try:
        found = Registry(here.config.plain_http).tags(here.config.chart_repository)
    except Denied as denied:
        if not reading_may_be_denied:
            raise
        if not choice.first_publish:
            never = "Some registries answer so for a chart that was never published: if so, use --first-publish."
            raise Refused(denied.what, f"{denied.remedy} {never}", fault=denied.fault) from denied
        found = []
    return {version for tag in found if (version := registry_version(tag))}


def write_files(waybill: Waybill, here: Checkout) -> None:
    """Writes the two files of the release commit to the work tree, for people who commit bumps themselves."""
    head, release = waybill.source.commit, str(waybill.source.release_commit)
    if holds(head, by_name.of(waybill), here):
        here.report.did("bump", "HEAD holds this image already, so no file is written")
        return
    files = here.git.files(release, here.config.in_chart("values.yaml"), here.config.in_chart("Chart.yaml"))
    write(files, head, here.git, here.make_folder())
    here.report.did("bump", f"wrote {' and '.join(files)}")
