"""What keeps the Flux Kustomization of an environment from getting its manifests as an artifact, and what to do first.

What a Kustomization no longer applies it deletes, unless the object in the cluster says otherwise:
https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..diff.bases import walk
from ..diff.flux_build import applied
from ..diff.kustomizations import FluxKustomization
from ..diff.sources import GIT, OCI, followed_instead, included, left_out
from ..errors import Refused
from ..gitops.ignore import FILE as IGNORE
from ..gitops.objects import objects_of
from ..yaml.objects import Object, at, by_key

KEEP = "kustomize.toolkit.fluxcd.io/prune"


def only(every: Sequence[FluxKustomization], folder: str) -> FluxKustomization:
    found = [it for it in every if it.folder == folder]
    if len(found) == 1:
        return found[0]
    said = " and ".join(f"{it.name} ({it.file})" for it in found) or "none"
    raise Refused(
        f"One Flux Kustomization of the GitOps repo is to have {folder} as its `path`, and these do: {said}.",
        "Let exactly one apply that folder and nothing else. What it gets from another one: " + steps([]),
        fault="gitops",
    )


def refuse_other_source(flux: FluxKustomization) -> None:
    kind, _ = flux.source
    if kind != GIT:
        raise Refused(
            f"{flux.file}: Kustomization {flux.name} gets {flux.folder} from {kind}, not from a GitRepository.",
            "Let it apply the folder of this repo, as it is here, first.",
            fault="gitops",
        )
    if flux.spec.get("decryption"):
        raise Refused(
            f"{flux.file}: Kustomization {flux.name} decrypts what it applies, and an artifact is not encrypted.",
            f"Let another Kustomization apply what is encrypted, and take `decryption` out of this one: {steps([])}",
            fault="gitops",
        )


def refuse_left_out(flux: FluxKustomization, files: Iterable[str]) -> None:
    """The folder is built of `files`, and Flux gets all of them."""
    for said in left_out(flux.sources, files):
        raise Refused(
            f"Flux gets {flux.folder} without {said}; the manifests would be made of all of it.",
            f"Say it in a `{IGNORE}` of the repo, which is read here too.",
            fault="gitops",
        )


def refuse_other_fetch(flux: FluxKustomization, branch: str) -> None:
    """What Flux gets is what lies in `branch`, of which the manifests would be made."""
    for source in (it for it in flux.sources if it.kind == GIT):
        there = followed_instead(source, branch)
        more = [*included(source, flux.folder), *([f"what {there} holds"] if there else [])]
        if more:
            raise Refused(
                f"{source.file}: by GitRepository {source.name} Flux applies {more[0]}; the manifests would be made of "
                f"what lies in {branch}.",
                "Let it follow that branch alone, or set `gitops_branch` in waybill.toml to the one that Flux follows.",
                fault="gitops",
            )


def home(flux: FluxKustomization) -> str:
    """The namespace of its source; "" where what applies it says so."""
    return str(at(flux.spec, "sourceRef", "namespace") or flux.namespace)


def refuse_taken(flux: FluxKustomization, name: str, top: Path) -> None:
    """The repo at `top` has no other OCIRepository of this name."""
    files = ((str(it.relative_to(top)), it.read_bytes()) for it in walk(top, (".yaml", ".yml")))
    for it in objects_of(OCI, files):
        if it.name == name and str(at(it.value, "metadata", "namespace") or "") in ("", home(flux)):
            raise Refused(
                f"{it.file}: there is an OCIRepository {name} already, and that of the manifests would have its name.",
                "Give it another name.",
                fault="gitops",
            )


def refuse_secrets(flux: FluxKustomization, objects: Sequence[Object]) -> None:
    if found := [it for it in objects if it["kind"] == "Secret"]:
        raise Refused(
            f"{flux.folder} builds {_names(found)}, and an artifact shows it to all who may read the registry.",
            f"Let another Flux Kustomization apply it, from another folder: {steps(found)}",
            fault="gitops",
        )


def refuse_others(flux: FluxKustomization, objects: Sequence[Object], release: str) -> None:
    others = [it for it in objects if it["kind"] == "HelmRelease" and it["metadata"].get("name") != release]
    if others:
        raise Refused(
            f"{flux.folder} also builds {_names(others)}, which would change with releases of {release} alone.",
            f"Let another Flux Kustomization apply it, from another folder: {steps(others)}",
            fault="gitops",
        )


def refuse_difference(flux: FluxKustomization, objects: Sequence[Object], files: Mapping[str, bytes]) -> None:
    """Refused where Flux would not make the same of the manifests as it makes of the folder."""
    try:
        after, why = applied(files, ".", flux.spec), ""
    except Refused as error:
        after, why = [], f" ({error.what})"
    old, new = (by_key(list(it), "") for it in (objects, after))
    if differ := [key for key in {**old, **new} if old.get(key) != new.get(key)]:
        _, kind, _, name, _ = differ[0]
        raise Refused(
            f"{flux.file}: what Kustomization {flux.name} changes in {flux.folder} it would not change alike in its "
            f"manifests: {kind} {name} would be another{why}.",
            "Move its patches, images, components and name prefixes into the kustomization.yaml of the folder first.",
            fault="gitops",
        )


def steps(objects: Sequence[Object]) -> str:
    """How objects get another owner, and stay."""
    marked = bool(objects) and all(
        at(it, "metadata", "annotations", KEEP) in ("disabled", "Disabled") for it in objects
    )
    first = "" if marked else f"a commit annotates it `{KEEP}: disabled` where it is; "
    look = "; ".join(
        f"kubectl get {it['kind'].lower()} {it['metadata'].get('name')}"
        f"{' -n ' + space if (space := it['metadata'].get('namespace')) else ''} -o yaml"
        for it in objects[:3]
    )
    return f"{first}the annotation is seen in the cluster{f' ({look})' if look else ''}; a later commit moves it."


def _names(objects: Sequence[Object]) -> str:
    return " and ".join(f"{it['kind']} {it['metadata'].get('name')}" for it in objects)
