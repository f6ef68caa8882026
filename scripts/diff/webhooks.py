"""Who reports what Flux does in a cluster to a ledger, as the objects tell that Flux applies there."""

from collections.abc import Iterator

from msgspec import Struct

from ..clients.ledger import HOOKS
from ..gitops.webhook import heard_by
from ..yaml.objects import at
from .cluster import HELM, Applied

NOTIFICATION = "notification.toolkit.fluxcd.io"


class Provider(Struct, frozen=True):
    """Of Flux: it sends events to `address`, signed with the key in the Secret `secret` of its namespace."""

    namespace: str
    name: str
    address: str
    kind: str = ""
    secret: str = ""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Reports(Struct, frozen=True):
    """`providers` report as the environment, `others` are the environments that other Providers report as. `heard` are
    kind and namespace of what the Providers' Alerts hear whole; `releases` are the namespaces of the HelmReleases,
    `sources` those of their charts."""

    providers: tuple[Provider, ...]
    others: tuple[str, ...]
    heard: frozenset[tuple[str, str]]
    releases: frozenset[str]
    sources: frozenset[str]


def reports(found: Applied, environment: str) -> Reports:
    every = {it: it.address.rpartition(HOOKS)[2] for it in _providers(found) if HOOKS in it.address}
    mine = tuple(it for it, name in every.items() if name == environment)
    names = {(it.namespace, it.name) for it in mine}
    heard = {
        pair
        for namespace, item in found.of(NOTIFICATION, "Alert")
        if (namespace, str(at(item, "spec", "providerRef", "name"))) in names
        for pair in heard_by(item, namespace)
    }
    releases, sources = set[str](), set[str]()
    for namespace, item in found.of(HELM, "HelmRelease"):
        releases.add(namespace)
        named = (at(item, *way) for way in (("spec", "chartRef"), ("spec", "chart", "spec", "sourceRef")))
        sources |= {str(it.get("namespace") or namespace) for it in named if isinstance(it, dict)}
    others = sorted({name for name in every.values() if name != environment})
    return Reports(mine, tuple(others), frozenset(heard), frozenset(releases - {""}), frozenset(sources - {""}))


def _providers(found: Applied) -> Iterator[Provider]:
    for namespace, item in found.of(NOTIFICATION, "Provider"):
        told = (at(item, "spec", *way) for way in (("address",), ("type",), ("secretRef", "name")))
        yield Provider(namespace, str(item["metadata"].get("name")), *(str(it or "") for it in told))
