"""What an environment's folder of the GitOps repo makes Flux install: its HelmRelease, and the chart as rendered."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..chart.post_render import Renderers
from ..clients import kustomize
from ..errors import Refused
from ..gitops.places import NAMESPACE
from ..gitops.site import Existing
from ..yaml.document import Path as Keys
from ..yaml.document import shown
from ..yaml.objects import Object, at, parse
from .bases import FILES, generated, is_kustomization, refuse_foreign
from .values import values_of

KEEPING = [
    *(("kustomize.toolkit.fluxcd.io/ssa", text) for text in ("Ignore", "IfNotPresent")),
    ("kustomize.toolkit.fluxcd.io/reconcile", "disabled"),
]
OWN_VALUES = "values.yaml"
# What is read of a HelmRelease's spec: mappings, and lists of them.
SPEC: dict[str, Any] = {
    "values": {},
    "valuesFrom": [{}],
    "chart": {"spec": {"valuesFiles": [], "sourceRef": {}}},
    "chartRef": {},
    "install": {},
    "upgrade": {},
    "postRenderers": [{"kustomize": {"images": [{}], "patches": [{}]}}],
}


class HelmRelease(Struct, frozen=True):
    """A HelmRelease as kustomize builds it. `chart` is `host/path/name` and `reference` its version or digest, each ""
    where the built objects do not name it; `unseen` is what Flux adds from outside the folder. `hooks`: the
    post-renderers get the chart's hooks, too. `keeps_values`: Helm takes the values of the chart that ran before.
    `place` is where it lies itself, `namespace/name`; None where that is not built. `config_maps` are those of which
    the `values` are made, too, each with what it holds. `values_files` of the chart take the place of its own
    values.yaml; one that it lacks is left out where `files_may_lack`. `verified_by` is the object that wants a
    signature of the chart, "" where none does."""

    name: str
    namespace: str
    values: dict[str, Any]
    chart: str
    reference: str
    unseen: tuple[str, ...]
    post_renderers: Renderers = ()
    hooks: bool = True
    keeps_values: bool = False
    place: str | None = None
    config_maps: tuple[tuple[str, dict[str, Any]], ...] = ()
    verified_by: str = ""
    values_files: tuple[str, ...] = ()
    files_may_lack: bool = False


def build(folder: Path, root: Path, patches: Sequence[Any] = ()) -> list[Object]:
    """The objects of a kustomize folder in the repo that lies at `root`, with `patches` as kustomize takes them.
    Refused where the folder needs what the repo does not hold, or cannot be built."""
    return objects_of(manifests(folder, root, patches))


def manifests(folder: Path, root: Path, patches: Sequence[Any] = ()) -> bytes:
    """As `build`, the YAML that kustomize writes."""
    refuse_foreign(folder, root)
    try:
        with _kustomization(folder, patches) as built:
            return kustomize.build(built)
    except Refused as error:
        named = error.what.replace(f"{root.resolve()}/", "")  # a temporary folder
        raise Refused(named, error.remedy, fault=error.fault) from error


def objects_of(text: bytes) -> list[Object]:
    """Those in what kustomize wrote."""
    try:
        return parse(text)
    except ValueError as error:
        raise Refused(
            f"kustomize built something that is not a Kubernetes object: {error}", "Correct the folder.", fault="gitops"
        ) from error


@contextmanager
def _kustomization(folder: Path, patches: Sequence[Any]) -> Iterator[Path]:
    """`folder`, or where it has no kustomization one that is as Flux generates it."""
    if is_kustomization(folder) and not patches:
        yield folder
        return
    parts = [folder.resolve()] if is_kustomization(folder) else generated(folder.resolve())
    with tempfile.TemporaryDirectory(prefix="waybill-") as made:
        names = [os.path.relpath(part, Path(made).resolve()) for part in parts]
        (Path(made) / FILES[0]).write_text(json.dumps({"resources": names, "patches": list(patches)}))
        yield Path(made)


def release_of(objects: list[Object], service: str, existing: Existing | None = None) -> HelmRelease:
    """The HelmRelease called `service`, or the one of people that is `existing`, with its source where that is among
    `objects`."""
    name, space = (existing.name, existing.namespace) if existing else (service, None)
    found = [item for item in objects if item["kind"] == "HelmRelease" and item["metadata"].get("name") == name]
    if existing and len(found) > 1:
        found = [item for item in found if item["metadata"].get("namespace") == space]
    if len(found) != 1:
        raise Refused(
            f"The folder builds {len(found)} HelmReleases called {name}.",
            "Make it build exactly one.",
            fault="gitops",
        )
    metadata, spec = found[0]["metadata"], found[0].get("spec") or {}
    _refuse_misshapen(spec, SPEC, ("spec",), name)
    target = spec.get("targetNamespace")
    (chart, reference), source = _chart(objects, spec), _source(objects, spec)
    moved = existing.flux[1].get("targetNamespace") if existing and existing.flux else None
    home, values = str(moved or metadata.get("namespace", "")), values_of(found[0], objects)
    return HelmRelease(
        # https://fluxcd.io/flux/components/helm/helmreleases/#release-name
        name=_shortened(str(spec.get("releaseName") or (f"{target}-{name}" if target else name))),
        namespace=target or home or "default",
        values=values.merged,
        chart=chart or (existing.chart if existing else ""),
        reference=reference,
        unseen=(*_kept(found[0], "the HelmRelease"), *_of_source(source), *_unseen(spec, values.unseen)),
        post_renderers=tuple(spec.get("postRenderers") or ()),
        hooks=spec.get("postRenderStrategy") != "nohooks",
        keeps_values=bool((spec.get("upgrade") or {}).get("preserveValues")),
        place=f"{home}/{name}" if NAMESPACE.fullmatch(home) else None,
        config_maps=tuple(values.config_maps),
        verified_by=_verified_by(found[0], source),
        values_files=tuple(map(str, at(spec, "chart", "spec", "valuesFiles") or ())),
        files_may_lack=bool(at(spec, "chart", "spec", "ignoreMissingValuesFiles")),
    )


def _refuse_misshapen(value: Any, shape: Any, path: Keys, service: str) -> None:
    """`shape` is that of `value`, as SPEC has it; what is absent is left to Flux's own defaults."""
    if not isinstance(value, type(shape)):
        raise Refused(
            f"{shown(path)} of HelmRelease {service} is no {'list' if isinstance(shape, list) else 'mapping'}.",
            "Correct it; Flux refuses it too.",
            fault="gitops",
        )
    for key, item in enumerate(value) if isinstance(value, list) else value.items():
        inner = (shape or [None])[0] if isinstance(shape, list) else shape.get(key)
        if inner is not None and not (item is None and isinstance(shape, dict)):
            _refuse_misshapen(item, inner, (*path, key), service)


def _shortened(name: str) -> str:
    """github.com/fluxcd/helm-controller, internal/release.ShortenName."""
    return name if len(name) <= 53 else f"{name[:40]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _kept(item: Object, called: str) -> Iterator[str]:
    """Why Flux may leave in the cluster what is there, whatever is written:
    https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources"""
    for name, text in KEEPING:
        said = (str(at(item, "metadata", key, name)).lower() for key in ("annotations", "labels"))
        if text.lower() in said:
            yield f"when Flux applies it: {called} has {name}: {text}"


def _of_source(source: Object | None) -> Iterator[str]:
    """What keeps the chart from Flux, where it comes from an OCIRepository."""
    if source and source["kind"] == "OCIRepository":
        yield from _kept(source, _called(source))
        if at(source, "spec", "suspend"):
            yield f"when Flux fetches the chart: {_called(source)} is suspended"


def _verified_by(release: Object, source: Object | None) -> str:
    if at(release, "spec", "chart", "spec", "verify"):
        return _called(release)
    return _called(source) if source and at(source, "spec", "verify") else ""


def _called(item: Object) -> str:
    return f"{item['kind']} {item['metadata'].get('name')}"


def _unseen(spec: dict[str, Any], values: Sequence[str]) -> Iterator[str]:
    """Sentences without a full stop."""
    if values:
        yield f"values from {', '.join(values)}"
    chart = (spec.get("chart") or {}).get("spec") or {}
    if (files := chart.get("valuesFiles")) and OWN_VALUES not in files:
        yield f"what only values.yaml of the chart has: its valuesFiles are {', '.join(map(str, files))}"
    if spec.get("suspend"):
        yield "when Flux applies it: the HelmRelease is suspended"
    if (spec.get("upgrade") or {}).get("preserveValues"):
        yield "the values that upgrade.preserveValues of the HelmRelease keeps"
    if kept := [
        f"{name}.disableHooks" for name in ("install", "upgrade") if (spec.get(name) or {}).get("disableHooks")
    ]:
        yield f"hooks, which {' and '.join(kept)} of the HelmRelease leaves out"
    if spec.get("commonMetadata"):
        yield "what commonMetadata of the HelmRelease changes"


def _chart(objects: list[Object], spec: dict[str, Any]) -> tuple[str, str]:
    chart, source = (spec.get("chart") or {}).get("spec") or {}, _source(objects, spec)
    url = str(at(source, "spec", "url") or "")
    if not url.startswith("oci://"):
        return "", str(chart.get("version", ""))
    repository = url.removeprefix("oci://").rstrip("/")
    if chart:
        return f"{repository}/{chart.get('chart')}", str(chart.get("version", ""))
    ref = at(source, "spec", "ref") or {}
    return repository, str(ref.get("digest") or ref.get("tag") or "")


def _source(objects: list[Object], spec: dict[str, Any]) -> Object | None:
    """That of the chart, if it is one of the objects."""
    wanted = spec.get("chartRef") or at(spec, "chart", "spec", "sourceRef") or {}
    named = (wanted.get("kind"), wanted.get("name"))
    return next((it for it in objects if (it["kind"], it["metadata"].get("name")) == named), None)
