"""The files by which Flux tells the ledger what happens in an environment, as a pure function of those that are there.

A file that is absent is copied from gitops-templates/. In one that is present the address is set and what is not heard
yet is added; everything else that people wrote there stays, byte for byte.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from msgspec import Struct

from ..errors import Refused
from ..settings import FLUX_VERSION
from ..yaml.edit import has
from ..yaml.items import prepend
from ..yaml.objects import Object, at, parse
from . import templates
from .layout import Files
from .site import Target

TEMPLATES = "cluster/waybill/apps"
# Of each alert: what its events are of.
ALERTS = {"releases": ("HelmRelease",), "sources": ("HelmChart", "OCIRepository")}


class Hook(Struct, frozen=True):
    """`folder` of the repo gets the files of `environment`, whose objects are in `namespace`, Flux's own; events go to
    `address`. `heard` are the namespaces of each kind of ALERTS."""

    environment: str
    folder: str
    namespace: str
    address: str
    heard: Mapping[str, Sequence[str]]
    flux_version: str = FLUX_VERSION

    @property
    def name(self) -> str:
        """Of the Provider, and of the Secret with its key."""
        return f"waybill-{self.environment}"

    def template(self, name: str) -> bytes:
        """As this Flux has the API of Providers and Alerts: `v1` from 2.10 on, which deprecates `v1beta3`."""
        text = templates.file(f"{TEMPLATES}/{name}")
        newer = tuple(map(int, self.flux_version.split("."))) >= (2, 10)
        return (
            text.replace(b"notification.toolkit.fluxcd.io/v1beta3", b"notification.toolkit.fluxcd.io/v1")
            if newer
            else text
        )

    @property
    def provider(self) -> str:
        return f"{self.folder}/provider.yaml"


def hook_files(files: Files, hook: Hook, listing: str | None) -> dict[str, bytes]:
    """The files, by path, that are new or differ from `files`. `listing` is the kustomization above the folder that has
    to name it; None where Flux takes all that lies there."""
    after = dict(files)
    _kustomization(after, hook)
    if hook.provider not in after:
        after[hook.provider] = hook.template("provider.yaml")
        Target(hook.provider).put(after, ("metadata", "name"), hook.name)
        Target(hook.provider).put(after, ("spec", "secretRef", "name"), hook.name)
    Target(hook.provider).put(after, ("spec", "address"), hook.address)
    for name, kinds in ALERTS.items():
        _alert(after, hook, name, kinds)
    if listing is not None:
        _list(after, listing, PurePosixPath(hook.folder).name)
    return {path: data for path, data in after.items() if files.get(path) != data}


def _kustomization(files: dict[str, bytes], hook: Hook) -> None:
    path = f"{hook.folder}/kustomization.yaml"
    if path not in files:
        files[path] = templates.file("cluster/connect.yaml")
        Target(path).put(files, ("namespace",), hook.namespace)


def _alert(files: dict[str, bytes], hook: Hook, name: str, kinds: Iterable[str]) -> None:
    path = f"{hook.folder}/alert-{name}.yaml"
    wanted = [(kind, namespace) for namespace in hook.heard[name] for kind in kinds]
    if path not in files:
        head, key, _ = hook.template(f"alert-{name}.yaml").partition(b"  eventSources:\n")
        items = (f'    - kind: {kind}\n      name: "*"\n      namespace: {namespace}\n' for kind, namespace in wanted)
        files[path] = head + key + "".join(items).encode()
        Target(path).put(files, ("metadata", "name"), f"{hook.name}-{name}")
        Target(path).put(files, ("spec", "providerRef", "name"), hook.name)
        return
    present = heard(files[path], hook.namespace)
    for kind, namespace in reversed([it for it in wanted if it not in present]):
        item = {"kind": kind, "name": "*", "namespace": namespace}
        files[path] = prepend(
            files[path], ("spec", "eventSources"), item, name=f"{path} in the GitOps repo", fault="gitops"
        )


def heard(text: bytes, namespace: str) -> set[tuple[str, str]]:
    """What all the Alerts in a file hear whole."""
    try:
        return {pair for item in parse(text) if item["kind"] == "Alert" for pair in heard_by(item, namespace)}
    except ValueError:
        return set()


def heard_by(alert: Object, namespace: str) -> Iterator[tuple[str, str]]:
    """Kind and namespace of all objects that an Alert, in its own `namespace`, hears whole."""
    sources = at(alert, "spec", "eventSources")
    for source in sources if isinstance(sources, list) else []:
        if isinstance(source, dict) and source.get("name") == "*" and not source.get("matchLabels"):
            yield str(source.get("kind")), str(source.get("namespace") or namespace)


def _list(files: dict[str, bytes], path: str, folder: str) -> None:
    """Lets a kustomization name the folder below it."""
    called = f"{path} in the GitOps repo"
    if not has(files[path], ("resources",), name=called, fault="gitops"):
        raise Refused(
            f"{called} names no resources, so that Flux would not apply {folder}/ beside it.",
            f"Write `resources: [{folder}]` into it, then run the same command again.",
            fault="gitops",
        )
    files[path] = prepend(files[path], ("resources",), folder, name=called, fault="gitops")
