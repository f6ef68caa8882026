"""A render as Flux's post-renderers change it, which work by kustomize:
https://fluxcd.io/flux/components/helm/helmreleases/#post-renderers."""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..clients import kustomize
from ..errors import Refused
from ..yaml.objects import Object, group_of, parse
from .manifests import Rendered

Renderers = Sequence[Mapping[str, Any]]
FIELDS = {"images": ("name", "newName", "newTag", "digest"), "patches": ("patch", "target")}
_DOCUMENT = re.compile(rb"^---\n", re.MULTILINE)


class NotPostRendered(Refused):
    """Flux could not do it either."""


def post_rendered(rendered: Rendered, renderers: Renderers, *, hooks: bool) -> Rendered:
    """`renderers` are the items of a HelmRelease's spec.postRenderers; `hooks`: they get the hooks, too."""
    out = [manifest for manifest in rendered.manifests if manifest.hooks and not hooks]
    given = [manifest for manifest in rendered.manifests if manifest not in out]
    text = b"---\n".join(json.dumps(manifest.object, default=str).encode() + b"\n" for manifest in given)
    for renderer in renderers:
        if text:
            text = _built(text, renderer.get("kustomize") or {})
    templates = {_key(manifest.object): manifest.template for manifest in given}
    documents = [document for document in _DOCUMENT.split(text) if document.strip()]
    kept = [_document(manifest.template, json.dumps(manifest.object, default=str).encode()) for manifest in out]
    return Rendered(rendered.definitions, b"".join([*(_named(templates, document) for document in documents), *kept]))


def _built(text: bytes, renderer: Mapping[str, Any]) -> bytes:
    parts = {
        field: [{key: item[key] for key in keys if item.get(key)} for item in renderer.get(field) or []]
        for field, keys in FIELDS.items()
    }
    with tempfile.TemporaryDirectory(prefix="waybill-") as name:
        folder = Path(name)
        (folder / "rendered.yaml").write_bytes(text)
        (folder / "kustomization.yaml").write_text(json.dumps({"resources": ["rendered.yaml"], **parts}))
        try:
            return kustomize.build(folder)
        except Refused as error:
            raise NotPostRendered(
                f"The post-renderers of the HelmRelease cannot be applied: {error.what}",
                "Correct `postRenderers`; Flux would fail as well.",
                fault="gitops",
            ) from error


def _named(templates: Mapping[tuple[str, ...], str], document: bytes) -> bytes:
    return _document(templates.get(_key(parse(document)[0]), "postRenderers"), document)


def _document(template: str, text: bytes) -> bytes:
    return b"---\n# Source: " + template.encode() + b"\n" + text.rstrip(b"\n") + b"\n"


def _key(item: Object) -> tuple[str, ...]:
    metadata = item["metadata"]
    return group_of(item), item["kind"], str(metadata.get("namespace") or ""), str(metadata.get("name") or "")
