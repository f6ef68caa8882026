"""A selector has to match the labels of its own pods."""

from collections.abc import Iterator
from typing import Any

from ..findings import Finding
from ..manifests import RenderedObject
from .kinds import SELECTING, at, kind_of


def findings(manifest: RenderedObject) -> Iterator[Finding]:
    if kind_of(manifest.object) not in SELECTING:
        return
    labels = {path[-1]: value for path, value in at(manifest.object, "spec.template.metadata.labels.*")}
    selector = next(at(manifest.object, "spec.selector"), ((), None))[1]
    place = manifest.at(("spec", "selector"))
    if not isinstance(selector, dict) or not any(selector.get(key) for key in ("matchLabels", "matchExpressions")):
        yield Finding(place, "selects nothing, which the API server refuses", "Give it `matchLabels`.")
    elif missed := list(_missed(selector, labels)):
        yield Finding(
            place,
            f"asks for {' and '.join(missed)}, which the labels in spec.template are not; the API server refuses that",
            "Let selector and pod template use the same labels.",
        )


def _missed(selector: dict[str, Any], labels: dict[str | int, Any]) -> Iterator[str]:
    for (*_, key), value in at(selector, "matchLabels.*"):
        if labels.get(key) != value:
            yield f"{key}={value}"
    for _, part in at(selector, "matchExpressions.*"):
        if not isinstance(part, dict):
            continue
        key, operator, values = str(part.get("key")), part.get("operator"), [value for _, value in at(part, "values.*")]
        matched = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not matched.get(str(operator), True):
            yield f"{key} {operator}"
