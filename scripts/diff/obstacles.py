"""What keeps Waybill from writing releases into a HelmRelease that people wrote, each with what to write instead."""

from collections.abc import Iterator

from semver import Version

from ..chart.api.complaint import is_filled_in
from ..errors import Refused
from ..gitops.files import CHART_NAME, CHART_VERSION, DIGEST, TAG
from ..gitops.site import Target
from ..yaml.edit import Path as Keys
from ..yaml.objects import at, group_of
from .candidate import Candidate
from .cluster import HELM

IN_PLACE: Keys = ("spec", "upgrade", "chartNameChangeStrategy")
SINCE = (2, 9)  # the version of Flux that knows it
MARKER = "$imagepolicy"  # https://fluxcd.io/flux/components/image/imageupdateautomations/#setters


def refuse_obstacles(found: Candidate, service: str, published: str | None, flux: str) -> None:
    """Refuses what does not get its chart by an exact version, and from where `service` is `published`, if that is
    known."""
    _refuse_other_api(found)
    _refuse_other_kind(found, published or "an OCI registry")
    _refuse_other_chart(found, service, flux)
    _refuse_no_source(found)
    if published is not None:
        _refuse_other_address(found, service, published)
    _refuse_shared_source(found)
    _refuse_no_version(found)
    for target, keys in written(found):
        _refuse_line(found, target, keys)


def renames(found: Candidate, service: str) -> bool:
    """Whether a release gives the chart another name, which `refuse_obstacles` allowed."""
    return "chartRef" not in found.spec and found.chart != service


def written(found: Candidate) -> Iterator[tuple[Target, Keys]]:
    """What decides which chart is installed, as Waybill writes it."""
    if found.origin:
        yield from ((found.origin, TAG), (found.origin, DIGEST))
    else:
        yield found.target, CHART_VERSION


def _refuse_other_api(found: Candidate) -> None:
    if group_of(found.release) != HELM:
        raise Refused(
            f"{found.target.file}: {found.release.get('apiVersion')} is not Flux's HelmRelease.",
            f"Let Flux install the service, by a HelmRelease of {HELM}/v2.",
            fault="gitops",
        )


def _refuse_other_kind(found: Candidate, published: str) -> None:
    kind, name = str(found.reference.get("kind") or ""), found.reference.get("name")
    by_reference = "chartRef" in found.spec
    if kind == ("OCIRepository" if by_reference else "HelmRepository"):
        return
    keys: Keys = ("spec", "chartRef", "kind") if by_reference else ("spec", "chart", "spec", "sourceRef", "kind")
    held = ", which holds the version itself" if kind == "HelmChart" else ""
    said = f"the chart comes from {kind} {name or ''}{held}" if kind else "no source of the chart is named"
    raise Refused(
        f"{found.where('HelmRelease', keys)}: {said}, and Waybill publishes it to {published}.",
        "First let the HelmRelease get the chart that runs now from an OCIRepository, or a HelmRepository of `type: "
        f"oci` with `url: {published}`, by its exact version; then adopt it.",
        fault="gitops",
    )


def _refuse_other_chart(found: Candidate, service: str, flux: str) -> None:
    if found.chart in ("", service):
        return
    in_place = at(found.release, *IN_PLACE) == "InPlaceUpdate"
    if in_place and tuple(map(int, flux.split(".")[:2])) >= SINCE:
        return
    keys = ("spec", "url") if "chartRef" in found.spec else CHART_NAME
    where = found.where(str(found.reference["kind"]) if "chartRef" in found.spec else "HelmRelease", keys)
    older = f" Flux {flux} (`flux_version` in waybill.toml) does not know InPlaceUpdate." if in_place else ""
    raise Refused(
        f"{where}: the HelmRelease installs the chart {found.chart}, and the chart of this service is {service}. Where "
        f"the chart's name changes, Flux uninstalls what runs and installs it anew.{older}",
        f"Call the chart {found.chart} in Chart.yaml; or, with Flux 2.9, set `upgrade: {{chartNameChangeStrategy: "
        "InPlaceUpdate}` in the HelmRelease in a commit before, with which Flux upgrades in place.",
        fault="gitops",
    )


def _refuse_no_source(found: Candidate) -> None:
    """One of another build stays there: Flux would take it away from where it was moved from."""
    if "chartRef" not in found.spec or found.origin:
        return
    name, where = found.reference.get("name"), found.where("HelmRelease", ("spec", "chartRef"))
    other = next((it for it in found.elsewhere("OCIRepository") if it.name == name), None)
    said = f"{other.file}, line {other.line}" if other else "no YAML file of the GitOps repo"
    raise Refused(
        f"{where}: the OCIRepository {name} of the chart is in {said}, not in what Flux builds from {found.root}.",
        f"Write an OCIRepository of another name, with the version that runs now, as a document into "
        f"{found.root.folder}, and name it there in `chartRef`; leave {name} where it is.",
        fault="gitops",
    )


def _refuse_other_address(found: Candidate, service: str, published: str) -> None:
    by_reference, address = "chartRef" in found.spec, found.address
    kind, name = str(found.reference["kind"]), found.reference.get("name")
    wanted = f"{published}/{service}" if by_reference else published
    where = found.where(kind, ("spec", "url"))
    if address == wanted or not address or is_filled_in(address):
        return
    http = "" if address.startswith("oci://") else ", over HTTP"
    raise Refused(
        f"{where}: {kind} {name} has its charts at {address}{http}, and Waybill publishes to {wanted}.",
        f"Publish the chart that runs now to {wanted} and let Flux get it from there (`url: {wanted}`"
        f"{'' if by_reference else ', `type: oci`'}), or correct `registry` in waybill.toml.",
        fault="gitops",
    )


def _refuse_shared_source(found: Candidate) -> None:
    """Its tag and digest would be those of other releases, too."""
    others = [it for it in found.objects if it["kind"] == "HelmRelease" and it is not found.release]
    space = found.release["metadata"].get("namespace")
    shared = [
        str(it["metadata"].get("name"))
        for it in others
        if isinstance(reference := at(it, "spec", "chartRef"), dict)
        and reference.get("name") == found.reference.get("name")
        and reference.get("namespace", it["metadata"].get("namespace")) == found.reference.get("namespace", space)
    ]
    if found.origin and shared:
        raise Refused(
            f"{found.origin.file}: HelmRelease {' and '.join(shared)} gets its chart from OCIRepository "
            f"{found.origin.name}, too, and a release would change both.",
            f"Give {found.target.name} an OCIRepository of its own.",
            fault="gitops",
        )


def _refuse_no_version(found: Candidate) -> None:
    reference = at(found.source, "spec", "ref") if "chartRef" in found.spec else {}
    ranges = [key for key in ("semver", "semverFilter") if isinstance(reference, dict) and reference.get(key)]
    if ranges:
        where = found.where("OCIRepository", ("spec", "ref", ranges[0]))
        said = f"ref.{ranges[0]} lets Flux choose the version"
        instead = "`ref: {tag: X.Y.Z, digest: sha256:...}`"
    elif at(reference, "digest") and not found.version:
        return
    elif not Version.is_valid(found.version.removeprefix("v")) and not is_filled_in(found.version):
        kind, keys = ("OCIRepository", TAG) if found.origin else ("HelmRelease", CHART_VERSION)
        where, target = found.where(kind, keys), found.origin or found.target
        text = target.read(found.files, keys) or found.version
        said = (
            f"`{text}` is a range, of which Flux chooses a version" if text else "no version is named, so Flux chooses"
        )
        instead = "`ref: {tag: X.Y.Z}`" if found.origin else "`version: X.Y.Z`"
    else:
        return
    raise Refused(
        f"{where}: {said}.",
        f"Write the version that runs now instead, as {instead}, into {(found.origin or found.target).file}.",
        fault="gitops",
    )


def _refuse_line(found: Candidate, target: Target, keys: Keys) -> None:
    """What else than people and Waybill writes the value."""
    value, number = target.read(found.files, keys), target.line(found.files, keys)
    text = found.files[target.file].decode(errors="replace").splitlines()[number - 1] if number else ""
    where = f"{target.file}, line {number}"
    said = value or (found.version if keys != DIGEST else "")
    if is_filled_in(said):
        raise Refused(
            f"{where if number else target.file}: the version is {said}, which Flux fills in.",
            f"Write the version that runs now instead, into {target.file}.",
            fault="gitops",
        )
    if MARKER in text:
        raise Refused(
            f"{where}: the line has the marker {MARKER}, by which Flux's image automation writes it, too.",
            "Take the marker away: one of both can write the version.",
            fault="gitops",
        )
