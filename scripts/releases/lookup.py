"""The waybill of a published version, from the ledger or from its tag, and the proof that its chart is published."""

import tempfile
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, structs

from ..chart.build import archive_of
from ..chart.version import Version
from ..clients.http_failure import Denied, NoAnswer
from ..clients.ledger import older_ledger
from ..clients.registry import Registry
from ..document import Chart, Image, Source, Waybill, chart_of, parse, why
from ..errors import Fault, Refused
from ..folder import write
from ..image import by_name
from ..source.changes import with_changes
from ..source.checkout import Checkout
from ..source.tags import tagged
from ..yaml.edit import read
from .content import find

TELLS: dict[Fault, tuple[str, str]] = {
    "ledger": (
        "The ledger",
        "One of them was changed after the release: find out which. Ship a new version, which has its own tag.",
    ),
    "you": ("The waybill's file", "Remove it and ship again, which writes it anew."),
}


def from_ledger(answer: dict[str, Any]) -> Waybill:
    """The waybill in an answer to GET /releases/{service}/{version}, without what was proposed before, and by whom."""
    if answer.get("waybill") == 1:
        raise older_ledger("it answers with waybills of number 1")
    try:
        found = parse(msgspec.json.encode({key: answer[key] for key in Waybill.__struct_fields__ if key in answer}))
    except msgspec.ValidationError as error:
        raise Refused(
            f"The ledger's waybill cannot be read: {why(error)}.",
            "Use a Waybill that is as new as the ledger.",
            fault="ledger",
        ) from error
    return structs.replace(found, artifact=UNSET, gitops=UNSET, by=UNSET)


def proven(version: str, filed: dict[str, Any] | None, here: Checkout) -> Waybill:
    """The waybill of `version`, `filed` by the ledger or told by its tag, and its chart in `here.archive`.

    Either way the tag names the commit, and the registry must have what that commit packages to: everything else is
    refused.
    """
    told = from_tag(version, here)
    if filed is None:
        images = tuple(_checked(image, here) for image in told.images)
        waybill = structs.replace(told, images=images, source=_changed(told.source, version, here))
    else:
        waybill = from_ledger(filed)
        _refuse_other_release(waybill, told, "ledger")
    return _with_tags_chart(waybill, told, here)


def proven_again(waybill: Waybill, here: Checkout) -> Waybill:
    """`waybill`, as earlier steps left it on this machine, where tag and registry still have that release."""
    told = from_tag(chart_of(waybill).version, here)
    _refuse_other_release(waybill, told, "you")
    return _with_tags_chart(waybill, told, here)


def _with_tags_chart(waybill: Waybill, told: Waybill, here: Checkout) -> Waybill:
    """`waybill` with the chart that its tag's commit packages to; refused where the registry has another one."""
    with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
        built = archive_of(str(told.source.release_commit), here.config, here.git, Path(folder))
        here.make_folder()
        write(here.archive(waybill), built.read_bytes())
    return _published(structs.replace(waybill, by=here.config.by), here.archive(waybill), here.config.plain_http)


def _checked(image: Image, here: Checkout) -> Image:
    manifests = Registry(here.config.plain_http).manifests(image.repository, image.digest)
    return structs.replace(image, manifests=manifests, checked=True)


def as_filed(answer: dict[str, Any], here: Checkout) -> Waybill:
    """The waybill in an answer of the ledger, and its chart in `here.archive` as the registry has it: by the digests
    that were filed. Where the registry cannot be asked that is said, and stops nothing: Flux asks it, too."""
    waybill = structs.replace(from_ledger(answer), by=here.config.by)
    chart, registry = chart_of(waybill), Registry(here.config.plain_http)
    repository = f"{str(chart.repository).removeprefix('oci://')}/{chart.name}"
    try:
        manifest = registry.manifest(repository, chart.version)
        if manifest is None or manifest.digest != chart.digest:
            raise _moved(repository, chart, manifest.digest if manifest else "nothing")
        archive = registry.blob(repository, str(chart.archive))
    except (Denied, NoAnswer) as error:
        here.report.warn(f"{error.what} Whether the chart is still there as it was filed is not known.")
    else:
        here.make_folder()
        write(here.archive(waybill), archive)
    return waybill


def _changed(source: Source, version: str, here: Checkout) -> Source:
    """`source` with its changes, which need the whole history."""
    try:
        here.git.deepen(here.config.remote)
    except Refused as error:
        here.report.warn(error.what)
    return with_changes(source, Version.parse(version), tagged(here), here)


def from_tag(version: str, here: Checkout) -> Waybill:
    """What the tag of `version` says of it, without digests of the chart; refused where ship did not write it."""
    config, git, tag = here.config, here.git, f"{here.config.service}-{version}"
    release_commit = _tagged(tag, here)
    parents = git.parents([release_commit]).get(release_commit, ())
    file = git.blob(release_commit, config.in_chart("Chart.yaml")) or b""
    images = by_name.read(read(file, ("annotations", "waybill/image")) or "", config.service)
    source = read(file, ("annotations", "org.opencontainers.image.source")) or ""
    if len(parents) != 1 or not images or not source or read(file, ("version",)) != version:
        raise Refused(
            f"The tag {tag} tells no release: it holds no {config.in_chart('Chart.yaml')} that names this version, its "
            "image and its source.",
            "Give the version of a release that was shipped with Waybill. If the chart lay elsewhere then, run the "
            f"command in a checkout of the tag: `git checkout {tag}`.",
            fault="repository",
        )
    committed_at = git.committed_at(parents[0])
    return Waybill(
        service=config.service,
        images=tuple(Image(name, it.repository, it.digest, {}, checked=False) for name, it in images.items()),
        source=Source(
            repository=source,
            commit=parents[0],
            committed_at=committed_at,
            release_commit=release_commit,
            tag=tag,
        ),
        chart=Chart(
            name=config.service,
            version=version,
            app_version=read(file, ("appVersion",)) or "",
            repository=config.registry or UNSET,
        ),
    )


def _refuse_other_release(filed: Waybill, told: Waybill, fault: Fault) -> None:
    """Both must name one release. `filed` is what the ledger holds, or of fault `you` the file of the waybill."""
    who, remedy = TELLS[fault]
    for name, theirs, ours in (
        ("service", filed.service, told.service),
        ("chart", chart_of(filed).name, chart_of(told).name),
        ("version", chart_of(filed).version, chart_of(told).version),
        ("image", by_name.said(filed), by_name.said(told)),
        ("release commit", str(filed.source.release_commit), str(told.source.release_commit)),
    ):
        if theirs != ours:
            raise Refused(
                f"{who} has the {name} {theirs} for {told.source.tag}, and the tag has {ours}.",
                remedy,
                fault=fault,
            )


def _published(waybill: Waybill, archive: Path, plain_http: bool) -> Waybill:
    """`waybill` with the chart's digests; refused where the registry has another chart than `archive`, or none."""
    chart = chart_of(waybill)
    if chart.repository is UNSET:
        raise Refused("No registry is configured.", "Set `registry` in waybill.toml.", fault="you")
    repository = f"{chart.repository.removeprefix('oci://')}/{chart.name}"
    found = find(waybill, archive, repository, plain_http)
    if found is None:
        raise Refused(
            f"{chart.version} is reserved by its tag, but {repository} has no chart of that version.",
            "Ship the tag's source commit again: that completes the release.",
            fault="registry",
        )
    if chart.digest not in (UNSET, found.digest):
        raise _moved(repository, chart, found.digest)
    return structs.replace(waybill, chart=structs.replace(chart, archive=found.archive, digest=found.digest))


def _moved(repository: str, chart: Chart, found: str) -> Refused:
    return Refused(
        f"{repository}:{chart.version} names the manifest {found}, and the release was filed with {chart.digest}.",
        "The registry's tag was moved after the release. Point it back to the manifest that was filed.",
        fault="registry",
    )


def _tagged(tag: str, here: Checkout) -> str:
    config, git = here.config, here.git
    ref = f"refs/tags/{tag}"
    name = git.refs(config.remote, ref).get(ref)
    if name is None:
        raise Refused(
            f"There is no release {tag}: {config.remote} has no such tag.",
            f"Give --version of one that is there: git ls-remote --tags {config.remote} '{config.service}-*'.",
            fault="you",
        )
    if name not in git.has([name]):
        git.fetch(config.remote, [ref])
    return name
