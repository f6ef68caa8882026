"""One environment: whether it would run a release, whether the ledger would hear of it, and who may pull from the
registry there, as the GitOps repo tells."""

from collections.abc import Iterator

from msgspec import structs

from ..checks import if_a_login_tells
from ..clients.http_failure import Denied
from ..clients.registry import Registry
from ..config import Config
from ..diff.cluster import Applied, applied, cluster_of
from ..diff.repo import Repo
from ..diff.webhooks import reports
from ..document import Waybill
from ..errors import Refused
from ..gitops.places import place_of
from ..proposal.intent import Change, Intent, shipped
from ..proposal.verdict import examine, offer
from ..report import Report
from ..session import Session
from ..yaml.objects import at
from .diagnosis import Diagnosis, looked

SOURCES = "source.toolkit.fluxcd.io"
CREDENTIALS = ("secretRef", "serviceAccountName")


def environment_of(here: Session, environment: str, waybill: Waybill, repo: Repo) -> list[Diagnosis]:
    """`waybill` is the release with the marker, whose archive lies in the folder of `here`."""
    found, made = judged(here, environment, waybill, repo)
    if not made:
        return found
    change, intent = made
    found += images_of(change, environment, intent, repo)
    try:
        cluster = _cluster(intent, environment, repo)
    except Refused as error:
        return [*found, Diagnosis("warn", f"whether {environment} is heard is not known: {error.what.rstrip('.')}")]
    namespace = _namespace(here, environment, intent)
    if namespace not in (item["metadata"].get("name") for _, item in cluster.of("", "Namespace")):
        what = f"whether {environment} has the namespace {namespace}, which the GitOps repo does not make"
        found.append(Diagnosis("skip", what))
    return [*found, *_heard(here, environment, namespace, cluster), *_pulled(here, environment, cluster)]


def judged(
    here: Session, environment: str, waybill: Waybill, repo: Repo
) -> tuple[list[Diagnosis], tuple[Change, Intent] | None]:
    """Whether it would run the release, and what would be done for that; None where it is refused."""
    made: list[tuple[Change, Intent]] = []

    def judge(report: Report) -> str:
        change = structs.replace(here, report=report).change(waybill, [environment])
        made.append(examine(change, repo, report))
        change, intent = made[0]
        if_a_login_tells(change.config.artifact, lambda: offer(change, intent), report)
        site = None if here.config.is_gitless else intent.sites.get(environment)
        return f"{environment} would run it" + (f", by {site.release.file}" if site else f": {intent.said}")

    found = looked(judge)
    return found, made[0] if made else None


def _namespace(here: Session, environment: str, intent: Intent) -> str:
    """Where its HelmRelease is."""
    site = intent.sites.get(environment)
    place = place_of(site.existing) if site and site.existing else None
    return place.partition("/")[0] if place else here.config.namespace_of(environment)


def _cluster(intent: Intent, environment: str, repo: Repo) -> Applied:
    """As it will be, where something is proposed."""
    commit = intent.commit or intent.heads.base_head
    top = repo.tree(commit)
    return applied(top, cluster_of(top, repo.flux(commit), environment, None))


def _heard(here: Session, environment: str, namespace: str, cluster: Applied) -> Iterator[Diagnosis]:
    if here.config.ledger is None:
        return
    told, connect = reports(cluster, environment), f"`waybill connect {environment}` proposes what is missing."
    if not told.providers:
        what = f"nothing in the GitOps repo reports {environment} to the ledger"
        yield Diagnosis("warn", what + _partly(cluster), connect)
        return
    for it in told.providers:
        if it.kind != "generic-hmac" or not it.secret:
            what = f"Provider {it} signs no events: it is of type {it.kind or 'none'}"
            yield Diagnosis(
                "warn", what, "Set `type: generic-hmac` and `secretRef`: the ledger takes nothing unsigned."
            )
    if ("HelmRelease", namespace) in told.heard:
        address = " and ".join(it.address for it in told.providers)
        yield Diagnosis("ok", f"{environment} reports the HelmReleases in {namespace} to {address}")
    else:
        yield Diagnosis("warn", f"no Alert reports the HelmReleases in {namespace} of {environment}", connect)


def _partly(cluster: Applied) -> str:
    return f" (not seen of it: {'; '.join(cluster.unseen[:3])})" if cluster.unseen else ""


def _pulled(here: Session, environment: str, cluster: Applied) -> Iterator[Diagnosis]:
    """Whether Flux may pull the chart: everybody may, or its source has a credential."""
    config = here.config
    if config.registry is None:
        return
    places = (config.registry, f"oci://{config.chart_repository}")
    specs = [at(item, "spec") for _, item in cluster.of(SOURCES, "HelmRepository", "OCIRepository")]
    ours = [it for it in specs if str(at(it, "url")).rstrip("/") in places]
    if any(it.get("provider", "generic") != "generic" or any(map(it.get, CREDENTIALS)) for it in ours):
        yield Diagnosis("ok", f"Flux pulls the chart with a credential of its own in {environment}")
        return
    remedy = "Make a Secret of type kubernetes.io/dockerconfigjson there, and name it in `secretRef` of the source."
    yield from _public(config, config.chart_repository, f"its source in {environment} has no login", remedy)


def images_of(change: Change, environment: str, intent: Intent, repo: Repo) -> Iterator[Diagnosis]:
    """Whether the pods may pull the images: everybody may, or they name a Secret."""
    try:
        rendered = repo.after(intent.commit, environment, shipped(change, intent)) if intent.proposes else None
    except Refused:
        return  # not judged, as was said
    if rendered is None or b"imagePullSecrets" in rendered.text:
        return
    remedy = "Let the chart or the ServiceAccount name a Secret in `imagePullSecrets`, unless the nodes have a login."
    for image in change.waybill.images:
        yield from _public(change.config, image.repository, f"its pods in {environment} name no pull secret", remedy)


def _public(config: Config, repository: str, so: str, remedy: str) -> Iterator[Diagnosis]:
    try:
        there = Registry(config.plain_http, anonymous=True).tags(repository)
    except Denied:
        yield Diagnosis("warn", f"{repository} is shown to nobody without a login, and {so}", remedy)
    except Refused as error:
        yield Diagnosis("warn", f"whether everybody may pull {repository} is not known: {error.what.rstrip('.')}")
    else:
        if there:
            yield Diagnosis("ok", f"everybody may pull {repository}")
        else:
            yield Diagnosis("skip", f"whether everybody may pull {repository}, which is not there yet")
