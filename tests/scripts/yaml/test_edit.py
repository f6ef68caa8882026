"""One scalar is set and every other byte stays: in any document, for any value, for Helm's reader as for PyYAML's."""

import json
import subprocess
from pathlib import Path as FilePath
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.yaml.edit import has, read, set_scalar
from tests.support.scripts.yaml_texts import TEXTS, Path, Place, places

pytestmark = pytest.mark.torture


def tree(source: bytes) -> Any:
    """What `source` says; through JSON, since Python shares an anchor's object and would hide a wrong edit."""
    text = source.decode().removeprefix("\ufeff")
    return json.loads(json.dumps(yaml.load(text, yaml.CSafeLoader), default=str))


def put(root: Any, path: Path, value: Any) -> Any:
    at = root
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return root


@pytest.mark.long
@given(places(), st.one_of(TEXTS, st.booleans()), st.booleans())
def test_every_byte_but_the_value_stays(place: Place, value: str | bool, quoted: bool) -> None:
    edited = set_scalar(place.source, place.path, value, quoted=quoted)
    assert edited in place.results(value)
    assert tree(edited) == put(tree(place.source), place.path, value)
    assert read(edited, place.path) == (str(value).lower() if isinstance(value, bool) else value or None)
    assert set_scalar(edited, place.path, value, quoted=quoted) == edited


@pytest.mark.long
@given(places(), TEXTS)
def test_what_stands_there_is_read(place: Place, value: str) -> None:
    assert read(place.source, place.path) == (None if place.old in ("", "~") and not place.quote else place.old or None)
    assert has(place.source, place.path) == (place.quote != "" or place.old not in ("", "~"))


@pytest.mark.long
@given(places(), TEXTS, st.booleans(), st.booleans())
def test_a_missing_key_is_added_after_its_sibling(place: Place, value: str, beside: bool, deep: bool) -> None:
    *parents, sibling = place.path
    if not isinstance(sibling, str):
        return
    new = ("added", "to") if deep else ("added",)
    source, path = place.source, (*parents, *new)
    edited = set_scalar(source, path, value, after=sibling if beside else None)
    expected = {"to": value} if deep else value
    assert tree(edited) == put(tree(source), (*parents, "added"), expected)
    assert is_one_insertion(source, edited)
    assert edited.count(b"\r\n") == edited.count(b"\n") or b"\r\n" not in edited
    assert set_scalar(edited, path, value, after=sibling) == edited
    keys = mapping_at(edited, tuple(parents))
    names = [key.value for key in keys]
    if beside:
        assert names.index("added") == names.index(sibling) + 1
    before = names[names.index("added") - 1]
    assert before == sibling or not beside
    columns = {key.start_mark.column for key in keys}
    assert len(columns) == 1 or edited.count(b"\n") == source.count(b"\n")  # in a flow mapping: on the same line


@pytest.mark.long
def test_helm_sees_the_value_alone_change_too(tmp_path: FilePath) -> None:
    """Helm reads with another parser: go-yaml."""
    expected = []

    @settings(max_examples=min(settings.default.max_examples, 1000), database=None)
    @given(places(), TEXTS)
    def write(place: Place, value: str) -> None:
        *parents, last = place.path
        added = (*parents, "added") if isinstance(last, str) else place.path
        edited = set_scalar(place.source, place.path, value)
        texts = {"before": place.source, "edited": edited, "added": set_scalar(edited, added, value)}
        for name, text in texts.items():
            (tmp_path / f"{name}-{len(expected)}").write_bytes(text)
        expected.append((place.path, added, value))

    write()
    said = said_by_helm(tmp_path)
    for number, (path, added, value) in enumerate(expected):
        root = said[f"before-{number}"]
        assert put(root, path, value) == said[f"edited-{number}"]
        assert put(root, added, value) == said[f"added-{number}"]


def said_by_helm(folder: FilePath) -> dict[str, Any]:
    """What Helm reads in each file of `folder`."""
    chart = folder / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "docs").mkdir()
    for file in folder.glob("*-*"):
        file.rename(chart / "docs" / file.name)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: reads\nversion: 0.1.0\n")
    (chart / "templates/all.yaml").write_text(
        '{{ range $path, $_ := .Files.Glob "docs/*" }}\n---\nname: {{ base $path }}\n'
        "value: {{ $.Files.Get $path | fromYaml | toJson | quote }}\n{{ end }}"
    )
    text = subprocess.run(["helm", "template", "x", chart], check=True, capture_output=True, text=True).stdout
    items = [item for item in yaml.load_all(text, yaml.CSafeLoader) if item]
    return {item["name"]: json.loads(item["value"]) for item in items}


def is_one_insertion(before: bytes, after: bytes) -> bool:
    return any(before == after[:at] + after[at + len(after) - len(before) :] for at in range(len(before) + 1))


def mapping_at(source: bytes, path: Path) -> list[yaml.Node]:
    """The keys of the mapping at `path`, in order."""
    node = yaml.compose(source.decode().removeprefix("\ufeff"), yaml.CSafeLoader)
    for step in path:
        node = node.value[step] if isinstance(step, int) else next(v for k, v in node.value if k.value == step)
    return [key for key, _ in node.value]


def test_json_stays_json() -> None:
    source = b'{"metadata": {"name": "orders", "annotations": null}, "spec": {}}'
    edited = set_scalar(source, ("metadata", "annotations", "example.org/release"), "1.4.2", mappings=2)
    edited = set_scalar(edited, ("spec", "chart", "version"), "1.4.2", mappings=2)
    assert json.loads(edited) == {
        "metadata": {"name": "orders", "annotations": {"example.org/release": "1.4.2"}},
        "spec": {"chart": {"version": "1.4.2"}},
    }


def test_a_line_ends_as_people_see_it() -> None:
    source = "# a\u2028# b\r\nmetadata:\r\n  name: orders # c\u2028# d\r\n".encode()
    edited = set_scalar(source, ("metadata", "annotations", "a"), "b", mappings=2)
    assert edited == source + b'  annotations:\r\n    a: "b"\r\n'
