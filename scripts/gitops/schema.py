"""What Flux's objects in an environment's folder may not be, by the schemas that its controllers publish
(flux_schemas.json is made of these by `make generate`)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path as File
from typing import Any

import msgspec
from msgspec import Struct

from ..chart.api.complaint import is_filled_in
from ..chart.findings import Finding
from ..settings import FLUX_VERSION
from ..yaml.document import Path, shown
from ..yaml.objects import Object, group_of

TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "string": (str, "text"),
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
    "number": ((int, float), "a number"),
    "object": (dict, "a mapping"),
    "array": (list, "a list"),
}
# The rules in CEL, each as Python.
RULES: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "(has(self.chart) && !has(self.chartRef)) || (!has(self.chart) && has(self.chartRef))": lambda it: (
        _has(it, "chart") != _has(it, "chartRef")
    ),
    "has(self.configMapRef) || has(self.secretRef)": lambda it: _has(it, "configMapRef") or _has(it, "secretRef"),
    "!has(self.configMapRef) || !has(self.secretRef)": lambda it: (
        not (_has(it, "configMapRef") and _has(it, "secretRef"))
    ),
    "!has(self.retryInterval) || self.name != 'RemediateOnFailure'": lambda it: (
        not _has(it, "retryInterval") or it.get("name") != "RemediateOnFailure"
    ),
    "!has(self.retryInterval) || self.name == 'RetryOnFailure'": lambda it: (
        not _has(it, "retryInterval") or it.get("name") == "RetryOnFailure"
    ),
    "!has(self.verify) || self.sourceRef.kind == 'HelmRepository'": lambda it: (
        not _has(it, "verify") or (it.get("sourceRef") or {}).get("kind") == "HelmRepository"
    ),
}
_DURATION = "(ms|s|m|h)"
_LONGEST = 80  # letters of a value that is shown


def findings(objects: Sequence[Object], flux_version: str, *, whole: bool) -> Iterator[Finding]:
    """`whole`: nothing changes the objects before Flux applies them, so that what lacks in them is lacking."""
    remedy = f"Correct it; where Flux is newer than {FLUX_VERSION}, say so by `flux_version` in waybill.toml."
    for where, what in _wrong(objects, _Look(whole, _is_newer(flux_version))):
        yield Finding(where, f"{what}, which Flux does not take", remedy)


def unseen(objects: Sequence[Object], flux_version: str) -> Iterator[str]:
    """Sentences without a full stop."""
    kinds = {(key.partition("/")[0], key.rpartition(" ")[2]) for key in schemas()}
    for item in objects:
        said = item.get("apiVersion")
        if (group_of(item), item["kind"]) in kinds and f"{said} {item['kind']}" not in schemas():
            yield f"whether Flux {flux_version} takes {item['kind']} {item['metadata'].get('name')} of {said}"
    if _is_newer(flux_version):
        known = set(_wrong(objects, _Look(whole=False, newer=True)))
        for where, what in _wrong(objects, _Look(whole=False, newer=False)):
            if (where, what) not in known:
                yield f"whether Flux {flux_version} takes {where}"


def _wrong(objects: Sequence[Object], look: "_Look") -> Iterator[tuple[str, str]]:
    for item in objects:
        for path, what in look.at(item, schemas().get(f"{item.get('apiVersion')} {item['kind']}", {}), ()):
            yield f"{item['kind']} {item['metadata'].get('name')}, {shown(path)}", what


def _is_newer(flux_version: str) -> bool:
    version, known = (tuple(map(int, it.split(".")[:2])) for it in (flux_version, FLUX_VERSION))
    return version > known


@cache
def schemas() -> Mapping[str, Any]:
    """By apiVersion and kind, with a space between them."""
    return msgspec.json.decode(File(__file__).with_name("flux_schemas.json").read_bytes())  # type: ignore[no-any-return]


class _Look(Struct, frozen=True):
    """`newer`: Flux may have fields and words that the schemas do not know."""

    whole: bool
    newer: bool

    def at(self, value: Any, schema: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
        """What is wrong where; what Flux fills in is not known."""
        if is_filled_in(value) or "type" not in schema:
            return
        type_, words = TYPES[schema["type"]]
        if not isinstance(value, type_) or (isinstance(value, bool) and type_ is not bool):
            yield path, f"is {_said(value)} where {words} belongs"
        elif isinstance(value, str):
            yield from ((path, what) for what in self._text(value, schema))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.at(item, schema.get("items", {}), (*path, index))
        elif isinstance(value, dict):
            yield from self._mapping(value, schema, path)

    def _mapping(self, value: Object, schema: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
        parts, more = schema.get("properties", {}), schema.get("additionalProperties", {})
        for key, item in value.items():
            if item is None:
                continue  # it is absent
            if key not in parts and more is False:
                yield from [] if self.newer else [((*path, key), "is no field that Flux knows")]
            else:
                yield from self.at(item, parts.get(key) or more, (*path, key))
        if not self.whole:
            return
        yield from (((*path, key), "is missing") for key in schema.get("required", ()) if value.get(key) is None)
        for rule in schema.get("x-kubernetes-validations", ()):
            if rule["rule"] in RULES and not RULES[rule["rule"]](value):
                yield path, f"breaks the rule that {rule['message']}"

    def _text(self, value: str, schema: Mapping[str, Any]) -> Iterator[str]:
        pattern, allowed = schema.get("pattern"), schema.get("enum")
        if allowed and value not in allowed and not self.newer:
            yield f"is {_said(value)}, and Flux takes {' or '.join(filter(None, allowed))}"
        if pattern and not re.search(pattern, value):
            instead = "is no duration such as 5m or 1h30m" if _DURATION in pattern else f"does not match {pattern}"
            yield f"is {_said(value)}, and that {instead}"
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"has {len(value)} letters"


def _has(item: Mapping[str, Any], key: str) -> bool:
    return item.get(key) is not None


def _said(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None:
        return "nothing"
    text = repr(value) if isinstance(value, str) else str(value).lower()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
