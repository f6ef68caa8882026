"""Pins an image in spec.postRenderers of an environment's HelmRelease, without losing what its base has there."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ..errors import Refused
from ..yaml.edit import Path as Keys
from ..yaml.items import prepend
from ..yaml.objects import at
from .layout import Files
from .objects import objects_of
from .site import Site

LIST: Keys = ("spec", "postRenderers")


def pin_image(files: dict[str, bytes], site: Site, base: str, pin: Mapping[str, str]) -> None:
    """Sets the digest of `pin`, an item of kustomize's `images`, in the HelmRelease of a site; `base` is the folder of
    what all environments have in common.

    Kustomize lets the list of an overlay take the place of the base's: what that has is copied with the first pin.
    """
    release, existing = site.release, site.existing
    present = _renderers(release.value(files))
    if existing:
        inherited = list(existing.inherited)
    else:
        below = [(file, data) for file, data in files.items() if file.startswith(f"{base}/")]
        inherited = [item for it in objects_of("HelmRelease", below) for item in _renderers(it.value)]
    first = {"kustomize": {"images": [dict(pin)]}}

    def add(item: dict[str, Any]) -> None:
        release.edit(files, LIST, partial(prepend, item=item, name=release.called, fault="gitops"))

    if not present:
        for item in [*reversed(inherited), first]:
            add(item)
        return
    if not existing and (lost := [item for item in inherited if item not in present]):
        raise Refused(
            f"The list spec.postRenderers of {release.called} takes the place of the one in {base}/, and lacks of it: "
            f"{lost[0]}.",
            f"Copy that item into {release.file}, or take it out of {base}/.",
            fault="gitops",
        )
    places = _places(present, pin["name"])
    if not places:
        add(first)
    for place, image in places:
        for key in ("newName", "digest"):
            if key in pin or key in image:
                release.put(files, (*LIST, *place, key), pin.get(key, pin["name"]))


def pinned(files: Files, site: Site) -> list[dict[str, Any]]:
    """The items of kustomize's `images` in the HelmRelease of a site."""
    if site.release.file not in files:
        return []
    found = parts({"postRenderers": _renderers(site.release.value(files))})
    return [image for keys, image in found if keys[3] == "images"]


def _renderers(release: Any) -> list[Any]:
    """None of what Flux does not take for a HelmRelease."""
    found = at(release, "spec", "postRenderers")
    return found if isinstance(found, list) else []


def _places(renderers: list[Any], name: str) -> list[tuple[Keys, dict[str, Any]]]:
    """Where a list of post-renderers sets the image."""
    return [
        (keys[1:], image)
        for keys, image in parts({"postRenderers": renderers})
        if keys[3] == "images" and image.get("name") == name
    ]


def parts(spec: Any) -> Iterator[tuple[Keys, dict[str, Any]]]:
    """What a HelmRelease's spec has kustomize do, images and patches, with the keys to each in the spec; none of what
    Flux does not take for a post-renderer, which diff/overlay refuses where it is built."""
    renderers = at(spec, "postRenderers")
    for index, renderer in enumerate(renderers if isinstance(renderers, list) else []):
        kustomize = at(renderer, "kustomize")
        for field, items in kustomize.items() if isinstance(kustomize, dict) else ():
            for number, item in enumerate(items if isinstance(items, list) else []):
                if isinstance(item, dict):
                    yield ("postRenderers", index, "kustomize", str(field), number), item
