"""An item is put first into a list; every byte that was there stays."""

import pytest
import yaml

from scripts.errors import Refused
from scripts.yaml.items import prepend

ITEM = {"a": [{"b": "1.20", "c": "sha256:12"}]}
LINE = '{"a": [{"b": "1.20", "c": "sha256:12"}]}'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("spec:\n  x: 1\n", f"spec:\n  list:\n    - {LINE}\n  x: 1\n"),
        ("spec: #\r\n    # b\r\n    x: 1\r\n", f"spec: #\r\n    list:\r\n      - {LINE}\r\n    # b\r\n    x: 1\r\n"),
        ("spec:\n  list:\n    # a\n    - 1\n    - 2\n", f"spec:\n  list:\n    # a\n    - {LINE}\n    - 1\n    - 2\n"),
        ("spec:\n  list:\n  - n: 1\n    m: 2\n  x: 1\n", f"spec:\n  list:\n  - {LINE}\n  - n: 1\n    m: 2\n  x: 1\n"),
        ("spec: {list: [1, 2]}\n", f"spec: {{list: [{LINE}, 1, 2]}}\n"),
        ("spec:\n  list: []\n", f"spec:\n  list: [{LINE}]\n"),
        ("kind: A\n", f"kind: A\nspec:\n  list:\n    - {LINE}\n"),
        ("\ufeffspec:\n  x: \u00e9\n", f"\ufeffspec:\n  list:\n    - {LINE}\n  x: \u00e9\n"),
    ],
)  # fmt: skip
def test_where_it_goes(before: str, after: str) -> None:
    found = prepend(before.encode(), ("spec", "list"), ITEM, name="f", fault="gitops").decode()
    assert found == after
    assert yaml.safe_load(found)["spec"]["list"][0] == ITEM


@pytest.mark.parametrize(
    "before",
    [
        "spec: {x: 1}\n",
        "spec:\n  list:\n",
        "spec:\n  list: 3\n",
        "spec:\n",
        "kind: A",
        "{kind: A}\n",
        "spec: &a\n  x: 1\n",
    ],
)
def test_what_would_change_more_is_refused(before: str) -> None:
    with pytest.raises(Refused):
        prepend(before.encode(), ("spec", "list"), ITEM, name="f", fault="gitops")
