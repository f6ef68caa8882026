"""What the API server would refuse, as a finding, with the remedy that fits the value."""

from collections.abc import Iterator
from typing import Any

from ...yaml.document import Path
from ..findings import Finding
from ..manifests import RenderedObject
from .words import Rule, any_text

_TAG = (
    "A tag with a digest fits no label and no name. Let the chart take the digest from a key of its own, and say "
    "`repository` and `digest` under [image] of waybill.toml instead of `tag`."
)
_QUOTE = (
    "Put it in quotes in the template, as `{{ .Chart.AppVersion | quote }}`: a commit of digits alone is a number too."
)
_CUT = 'Cut it in the template, as `{{ ... | trunc 63 | trimSuffix "-" }}`.'
MEND = "Correct the template, or the value that it uses."


def checked(manifest: RenderedObject, path: Path, value: Any, rule: Rule = any_text) -> Iterator[Finding]:
    """`value` has to be text by `rule`; null is absent."""
    if value is None or is_filled_in(value):
        return
    why = rule(value) if isinstance(value, str) else "text belongs there"
    if why:
        yield complaint(manifest, path, value, why)


def is_filled_in(value: Any) -> bool:
    """By Flux, before Helm renders: what then stands there is not known here (`postBuild` of a Kustomization)."""
    return isinstance(value, str) and "${" in value


def mapping(manifest: RenderedObject, path: Path, found: Any, key: Rule, value: Rule = any_text) -> Iterator[Finding]:
    """`found` has to be a mapping of text to text."""
    if isinstance(found, dict):
        for name, item in found.items():
            yield from checked(manifest, (*path, name), name, key)
            yield from checked(manifest, (*path, name), item, value)
    elif found is not None:
        yield complaint(manifest, path, found, "a mapping belongs there")


def complaint(manifest: RenderedObject, path: Path, value: Any, why: str) -> Finding:
    """`value` is what stands there; that of a Secret is not shown."""
    hidden = manifest.kind == "Secret" and path[0] != "metadata"
    return Finding(manifest.at(path), f"is {_shown(value, hidden)}, which the API server refuses: {why}", _fix(value))


def _shown(value: Any, hidden: bool) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return "a text" if hidden else repr(value) if len(value) <= 120 else repr(value[:120]) + "..."
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "no text" if hidden else f"{text} without quotes"


def _fix(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return _QUOTE
    if isinstance(value, str) and "sha256:" in value:
        return _TAG
    return _CUT if isinstance(value, str) and len(value) > 63 else MEND
