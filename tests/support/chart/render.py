"""Renders the chart with the pinned helm."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parents[3] / "chart"
PUBLISHED = f"sha256:{'b' * 64}"  # what a published chart names; the chart's own zeros name no image
Object = dict[str, Any]
Values = Mapping[str, Any]


class RefusedValues(Exception):
    """The error message of helm."""


class Loader(yaml.CSafeLoader):
    """Refuses YAML with a duplicate key, as Flux and Kubernetes do; helm does not check that."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {', '.join(twice)}", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def template(values: Values | None = None, *, chart: Path = CHART, name: str = "ledger", namespace: str = "waybill",
             more: tuple[str, ...] = ()) -> str:  # fmt: skip
    """The output of `helm template`, with hooks and tests, as of a published chart. Raises RefusedValues."""
    values = merged({"image": {"digest": PUBLISHED}}, values or {})
    # PyYAML would write the string 1e3 without quotes, which Helm reads as a number
    given = json.dumps(dict(values))
    # The chart itself stays as it is while tests run.
    told = _told_once if chart == CHART else _told
    return told(given, chart, name, namespace, more)


def _told(given: str, chart: Path, name: str, namespace: str, more: tuple[str, ...]) -> str:
    command = ["helm", "template", name, str(chart), "--namespace", namespace, "--values", "-", *more]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedValues(done.stderr)
    return done.stdout


_told_once = cache(_told)


def parse(text: str) -> list[Object]:
    return [found for found in yaml.load_all(text, Loader) if found]


def render(values: Values | None = None, **where: Any) -> list[Object]:
    return parse(template(values, **where))


def one(objects: list[Object], kind: str) -> Object:
    """The only object of `kind`."""
    (found,) = [it for it in objects if it["kind"] == kind]
    return found


def pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """The pod templates, each with the `Kind/name` of its object."""
    for found in objects:
        spec = found["spec"]["jobTemplate"]["spec"] if found["kind"] == "CronJob" else found.get("spec", {})
        if "template" in spec:
            yield f"{found['kind']}/{found['metadata']['name']}", spec["template"]


def edited(folder: Path, file: str, before: str, after: str) -> Path:
    """A copy of the chart in `folder`, with `before` replaced by `after` in `file`. Fails when it has no `before`."""
    copy = folder / "chart"
    if not copy.exists():
        shutil.copytree(CHART, copy)
    text = (copy / file).read_text()
    assert before in text, f"{file} no longer has {before!r}"
    (copy / file).write_text(text.replace(before, after))
    return copy


def released(folder: Path, version: str = "1.2.3", app_version: str = "0123456789ab") -> Path:
    """A copy of the chart with these versions in Chart.yaml."""
    file = edited(folder, "Chart.yaml", "", "") / "Chart.yaml"
    text = re.sub(r"^version: .*$", f"version: {version}", file.read_text(), flags=re.MULTILINE)
    file.write_text(re.sub(r"^appVersion: .*$", f'appVersion: "{app_version}"', text, flags=re.MULTILINE))
    return file.parent


def merged(values: Values, more: Values) -> dict[str, Any]:
    """`values` overridden by `more`, as helm merges two values files."""
    result = dict(values)
    for key, value in more.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(value, Mapping) and isinstance(old, Mapping) else value
    return result


def nested(path: str, value: Any) -> dict[str, Any]:
    """`a.b` and a value as {a: {b: value}}."""
    first, _, rest = path.partition(".")
    return {first: nested(rest, value) if rest else value}
