"""What is looked at: the HelmReleases of some namespaces, the pods of those that they install into, and what owns these
pods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .kubernetes import HELMRELEASES
from .mirror import Mirrors
from .objects import HelmReleaseObject
from .pods import OwnedPods


@dataclass(frozen=True)
class ClusterView:
    """The HelmReleases of each namespace that could be read, `unread`: why the others could not; and their pods."""

    helmreleases: Mapping[str, Sequence[HelmReleaseObject]]
    unread: list[str]
    pods: OwnedPods


async def look(mirrors: Mirrors, namespaces: Sequence[str]) -> ClusterView:
    """Reads what is needed and was not read before. Raises httpx.HTTPError where nothing answers."""
    for namespace in namespaces:
        await mirrors.read(HELMRELEASES, namespace)
    while True:  # what is returned is of one moment
        listed = {it: mirrors.of(HELMRELEASES, it) for it in namespaces}
        found = {it: [*each.values()] for it, each in listed.items() if each is not None}
        pods = OwnedPods(mirrors, [it for each in found.values() for it in each if not it.remote])
        if not pods.wanted:
            unread = [mirrors.unreadable[HELMRELEASES.url(it)] for it in namespaces if it not in found]
            return ClusterView(found, unread, pods)
        for kind, namespace in pods.wanted:
            await mirrors.read(kind, namespace)
