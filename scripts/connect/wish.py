"""What somebody wants to be heard of an environment, and by which objects of Flux."""

from pathlib import Path

import msgspec
from msgspec import Struct

from ..clients.ledger import HOOKS
from ..config import Config
from ..diff.cluster import Applied, Cluster
from ..diff.webhooks import Reports
from ..errors import Refused
from ..gitops.webhook import Hook
from ..settings import Label


class Wish(Struct, frozen=True):
    """`folder` of the GitOps repo is the cluster's, `namespaces` are all that is heard; by themselves both are looked
    for. The key goes into the new file `secrets`, for a ledger in the namespace `ledger`. With `moves` an address that
    is there already becomes the one that is configured."""

    environment: str
    folder: str | None = None
    namespaces: tuple[str, ...] = ()
    secrets: Path | None = None
    ledger: str = "waybill"
    new_key: bool = False
    moves: bool = False
    dry_run: bool = False


def refuse_wrong(config: Config, wish: Wish) -> None:
    try:
        msgspec.convert([wish.environment, wish.ledger, *wish.namespaces], list[Label])
    except msgspec.ValidationError as error:
        raise Refused(
            f"{' or '.join((wish.environment, *wish.namespaces, wish.ledger))} is no name that Kubernetes takes.",
            "Give at most 63 lower case letters, digits and hyphens, with no hyphen at either end.",
            fault="you",
        ) from error
    if config.gitops is None:
        raise Refused(
            "It is not known which repository Flux applies.",
            "Give its address with --gitops, or in WAYBILL_GITOPS.",
            fault="you",
        )


def hook_of(wish: Wish, config: Config, cluster: Cluster, found: Applied, told: Reports) -> Hook:
    if not wish.namespaces and (others := [it for it in told.others if it != wish.environment]):
        raise Refused(
            f"{cluster.folder} reports as {' and '.join(others)} already: what of it is {wish.environment} cannot be "
            "told.",
            f"Name the namespaces of {wish.environment}, each with --namespace.",
            fault="you",
        )
    releases = sorted(wish.namespaces or told.releases)
    if not releases:
        raise Refused(
            f"No HelmRelease is found in what {cluster.folder} applies"
            + (f" (not seen of it: {'; '.join(found.unseen[:3])})." if found.unseen else "."),
            "Name the namespaces that are to be heard, each with --namespace.",
            fault="gitops",
        )
    above = Path(cluster.folder)
    folder = str(above / ("waybill" if above.name == wish.environment else f"waybill-{wish.environment}"))
    sources = sorted({*releases, *(told.sources if not wish.namespaces else ())})
    heard = {"releases": releases, "sources": sources}
    address = _address(wish, config, told)
    return Hook(wish.environment, folder, cluster.namespace, address, heard, config.flux_version)


def _address(wish: Wish, config: Config, told: Reports) -> str:
    """Where events go: as an option says; else what is there stays, whatever else is configured for releases."""
    if told.providers and not wish.moves:
        return told.providers[0].address
    if config.ledger is None:
        raise Refused(
            "It is not known where Flux is to report to.",
            "Give --ledger, the address at which the ledger answers inside the cluster: `helm install` of its chart "
            "prints it, such as http://waybill.waybill.",
            fault="you",
        )
    return f"{config.ledger}{HOOKS}{wish.environment}"
