"""What bump writes into Chart.yaml: three places, in the file's own style, and no other byte."""

import subprocess
from typing import Any

import pytest

from scripts.document import Waybill
from scripts.errors import Refused
from scripts.image.reference import parse
from scripts.steps.bump import Choice, bump
from tests.support.builders import VALUES, World
from tests.support.release import checkout


def bumped(world: World, image: str, **flags: Any) -> Waybill:
    choice = Choice({"orders": parse(image)}, skip_image_check=True)
    return bump(choice, checkout(world, **flags))


def released(world: World, waybill: Waybill, file: str) -> str:
    """The file's very bytes in the release commit."""
    command = ["git", "show", f"{waybill.source.release_commit}:chart/{file}"]
    return subprocess.run(command, cwd=world.checkout, check=True, capture_output=True).stdout.decode()


IMAGE = f"example.org/orders@sha256:{'c' * 64}"
BLOCK = """annotations:
  org.opencontainers.image.source: "https://example.org/acme/orders"
  org.opencontainers.image.revision: "{commit}"
  waybill/image: "{image}"
"""
FLOW = (
    'org.opencontainers.image.source: "https://example.org/acme/orders", '
    'org.opencontainers.image.revision: "{commit}", waybill/image: "{image}"'
)
HEAD = "apiVersion: v2\nname: orders\nversion: 0.1.0\n"
SAID = 'apiVersion: v2\nname: orders\nversion: 0.1.0\nappVersion: "{short}"\n'


@pytest.mark.parametrize(
    ("chart", "result"),
    [
        pytest.param(HEAD, SAID + BLOCK, id="neither app version nor annotations"),
        pytest.param(HEAD.rstrip(), (SAID + BLOCK).rstrip(), id="no line end at the end"),
        pytest.param(HEAD.replace("\n", "\r\n"), (SAID + BLOCK).replace("\n", "\r\n"), id="crlf"),
        pytest.param("\ufeff" + HEAD, "\ufeff" + SAID + BLOCK, id="a byte order mark"),
        pytest.param(HEAD + "appVersion: 1.10 # ours\n", SAID.rstrip() + " # ours\n" + BLOCK, id="a plain app version"),
        pytest.param(HEAD + "appVersion: '1'\n", SAID.replace('"', "'") + BLOCK, id="an app version in single quotes"),
        pytest.param(
            HEAD + "annotations:\n    category: Database # what\nkeywords:\n- a\n",
            SAID
            + BLOCK.replace("  ", "    ").replace(":\n", ":\n    category: Database # what\n", 1)
            + "keywords:\n- a\n",
            id="annotations of others",
        ),
        pytest.param(
            HEAD + "annotations: {category: Database}\n",
            SAID + "annotations: {{category: Database, " + FLOW + "}}\n",
            id="annotations in a flow mapping",
        ),
        pytest.param(HEAD + "annotations:\n", SAID + "annotations: {{" + FLOW + "}}\n", id="annotations of nothing"),
        pytest.param(
            HEAD + 'annotations:\n  waybill/image: "old"\n  artifacthub.io/changes: |\n    - fixed: it\n',
            SAID
            + 'annotations:\n  waybill/image: "{image}"\n'
            + "".join(BLOCK.splitlines(True)[1:3])
            + "  artifacthub.io/changes: |\n    - fixed: it\n",
            id="annotations of the release before, and a long one",
        ),
    ],
)
def test_chart_yaml(world: World, chart: str, result: str) -> None:
    commit = world.commit({"chart/Chart.yaml": chart})
    waybill = bumped(world, IMAGE)
    assert released(world, waybill, "Chart.yaml") == result.format(commit=commit, short=commit[:12], image=IMAGE)


def test_app_version_can_be_left_alone(world: World) -> None:
    world.commit({"chart/Chart.yaml": HEAD + "appVersion: 7.1 # the vendor's\n"})
    waybill = bumped(world, IMAGE, app_version=False)
    assert "\nappVersion: 7.1 # the vendor's\n" in released(world, waybill, "Chart.yaml")
    assert waybill.chart.app_version == "7.1"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("chart", "says"),
    [
        (HEAD + "version: 0.2.0\n", "the key stands on lines 3 and 4"),
        (HEAD + "annotations: !!map {x: y}\n", "a tag"),
        (HEAD + "annotations: [x]\n", "annotations holds a list"),
        (HEAD + "annotations: text\n", "annotations holds a single value"),
        (HEAD + "appVersion: >\n  1.0\n", "over more than one line"),
        (HEAD + "---\n" + HEAD, "it is not one document of YAML"),
        (HEAD.replace("version: 0.1.0", "version: [0.1.0]"), "it holds a list"),
        (HEAD.replace("version: 0.1.0\n", ""), "no X.Y.Z or X.Y.Z-pre"),
        (HEAD.replace("name: orders", "name: orders\nname: orders"), "the key stands on lines 2 and 3"),
        (HEAD + "icon: \t\x01\n", "line 4: it has the character U+0001."),
    ],
)
def test_a_chart_yaml_that_cannot_be_edited_is_refused_by_name(world: World, chart: str, says: str) -> None:
    world.commit({"chart/Chart.yaml": chart})
    with pytest.raises(Refused) as refused:
        bumped(world, IMAGE)
    assert says in refused.value.what
    assert "chart/Chart.yaml" in refused.value.what
    assert refused.value.fault == "chart"


def test_values_that_cannot_be_edited_are_refused_by_name(world: World) -> None:
    world.commit({"chart/values.yaml": VALUES.replace('digest: ""', 'digest: &d ""\nother: *d')})
    with pytest.raises(Refused, match=r"chart/values\.yaml, image\.digest") as refused:
        bumped(world, IMAGE)
    assert refused.value.fault == "chart"


def test_modes_and_the_rest_of_the_tree_stay(world: World) -> None:
    (world.checkout / "chart/values.yaml").chmod(0o755)
    world.commit({"chart/templates/a b\nc.txt": "odd\n"})
    waybill = bumped(world, IMAGE)
    listed = subprocess.run(
        ["git", "diff-tree", "-r", "HEAD", str(waybill.source.release_commit)],
        cwd=world.checkout,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert [(line.split()[0], line.split()[1], line.split("\t")[1]) for line in listed] == [
        (":100644", "100644", "chart/Chart.yaml"),
        (":100755", "100755", "chart/values.yaml"),
    ]


def test_a_commit_without_values(world: World) -> None:
    (world.checkout / "chart/values.yaml").unlink()
    world.commit({})
    with pytest.raises(Refused, match=r"holds no file chart/values\.yaml"):
        bump(Choice({"orders": parse(world.image())}), checkout(world))
