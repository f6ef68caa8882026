"""One document of a YAML file is edited, and the others stay byte for byte; the oracle is PyYAML's own reader."""

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from scripts.errors import Refused
from scripts.yaml.edit import set_scalar
from scripts.yaml.stream import edited, pieces

PARTS = st.sampled_from(
    [
        *[
            "a: 1\nb: {c: d}\n",
            "# only a comment\n",
            "a: |\n  ---\n  text\n",
            "- 1\n- 2\n",
            "a: é\u2028\n",
            "x\n",
            "\n",
        ],
        *["a: &x 1\nb: *x\n", "a: '--- no'\n", "a: 1 # ---\n", "{a: 1}\n", "a:\n  - b\n"],
    ]
)
BETWEEN = st.sampled_from(["---\n", "--- # next\n", "...\n---\n", "---\n---\n"])
OURS = "mine: true\nkey: old # kept\n"


@pytest.mark.long
@given(st.lists(PARTS, max_size=3), st.lists(PARTS, max_size=3), BETWEEN, st.booleans(), st.booleans())
def test_every_other_byte_stays(before: list[str], after: list[str], gap: str, dos: bool, mark: bool) -> None:
    text = gap.join([*before, OURS, *after])
    text = ("\ufeff" if mark else "") + (text.replace("\n", "\r\n") if dos else text)
    source = text.encode()
    assume(_is_yaml(text.removeprefix("\ufeff")))
    found = [piece for piece in pieces(source, name="f.yaml", fault="gitops") if isinstance(piece.value, dict)]
    (ours,) = [piece for piece in found if piece.value.get("mine")]
    new = edited(source, ours, lambda part: set_scalar(part, ("key",), "new"))
    assert new == text.replace("key: old", "key: new").encode()
    values = list(yaml.safe_load_all(new.decode().removeprefix("\ufeff")))
    assert {"mine": True, "key": "new"} in values


def _is_yaml(text: str) -> bool:
    try:
        return bool(list(yaml.safe_load_all(text)))
    except yaml.YAMLError:
        return False


def test_a_line_has_the_number_that_it_has_in_the_file() -> None:
    source = b"a: 1\n---\n# two\nb: [\n  1]\n"
    with pytest.raises(Refused, match=r"f.yaml, line 4, b: it holds a list"):
        edited(
            source,
            pieces(source, name="f.yaml", fault="gitops")[1],
            lambda it: set_scalar(it, ("b",), "x", name="f.yaml"),
        )


@pytest.mark.parametrize("source", [b"a: 1\n---\nb: [\n", b"a: \xff\n", b"a: 1\n---\nb: \x00\n", b"{\n" * 3000])
def test_what_is_no_yaml_is_refused(source: bytes) -> None:
    with pytest.raises(Refused, match=r"^f.yaml"):
        pieces(source, name="f.yaml", fault="gitops")
